using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

public sealed class CommandTests
{
    private const string Sandbox = "sbx_0123456789ab";
    private const string Snapshot = "snap_0123456789ab";

    [Fact]
    public async Task Ls_is_a_table_for_people_and_the_daemons_answer_for_programs()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """{"items":[{"sandbox_id":"sbx_0123456789ab","status":"running"}]}"""));

        CliRun table = await CliRun.OfAsync(["ls"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["ls", "-o", "json"], server.SocketPath);

        Assert.StartsWith("ID                NAME  IMAGE  STATUS", table.Stdout, StringComparison.Ordinal);
        Assert.Equal(Sandbox, (string?)json.Json["items"]![0]!["sandbox_id"]);
        Assert.All(server.Requests, r => Assert.Equal("/admin/sandboxes", r.Target));
        Assert.All(server.Requests, r => Assert.DoesNotContain("X-Session-Token", r.Headers.Keys));
    }

    [Fact]
    public async Task Create_prints_the_id_alone_so_that_a_script_can_keep_it()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            201, """{"sandbox_id":"sbx_0123456789ab","image":"base","status":"running","startup_latency_ms":8,"source":"pool"}"""));

        CliRun run = await CliRun.OfAsync(
            ["create", "--image", "base", "--name", "web", "--memory", "512", "--fixed-memory", "--cpus", "1.5", "--runtime", "crun", "-e", "A=1", "-l", "task=42"], server.SocketPath);

        Assert.Equal((0, Sandbox + "\n"), (run.ExitCode, run.Stdout));
        Assert.Equal("running after 8 ms, pool, image base\n", run.Stderr);
        Assert.Equal(
            """{"image":"base","name":"web","memory_limit_mb":512,"auto_expand_memory":false,"cpus":1.5,"runtime":"crun","env":{"A":"1"},"labels":{"task":"42"}}""",
            Assert.Single(server.Requests).Text);
    }

    [Fact]
    public async Task Rm_takes_names_and_says_what_went()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Method == "DELETE"
            ? "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray()
            : FakeServer.Reply(200, """{"items":[{"sandbox_id":"sbx_00000000000a","name":"web"}]}"""));

        CliRun run = await CliRun.OfAsync(["rm", "web", Sandbox, "-o", "json"], server.SocketPath);

        Assert.Equal(["sbx_00000000000a", Sandbox], run.Json["removed"]!.AsArray().Select(n => (string?)n));
        Assert.Equal(["/sandboxes/sbx_00000000000a", $"/sandboxes/{Sandbox}"], server.Requests.Where(r => r.Method == "DELETE").Select(r => r.Target));
    }

    [Fact]
    public async Task Snapshot_rollback_and_fork_name_what_they_made()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path.Split('/')[^1] switch
        {
            "snapshots" when request.Method == "POST" => FakeServer.Reply(
                201, """{"id":"snap_0123456789ab","bytes":40960,"duration_ms":14,"pause_ms":6}"""),
            "snapshots" => FakeServer.Reply(200, """{"items":[{"id":"snap_0123456789ab","name":"before"}]}"""),
            "rollback" => FakeServer.Reply(200, """{"sandbox_id":"sbx_0123456789ab","rolled_back_to":"snap_0123456789ab","duration_ms":9,"ended_exec_ids":["exec_1"]}"""),
            _ => FakeServer.Reply(201, """{"snapshot_id":"snap_0123456789ab","items":[{"sandbox_id":"sbx_1","startup_latency_ms":5},{"sandbox_id":"sbx_2","startup_latency_ms":6}]}"""),
        });

        CliRun snapshot = await CliRun.OfAsync(["snapshot", Sandbox, "--name", "before"], server.SocketPath);
        CliRun rollback = await CliRun.OfAsync(["rollback", Sandbox, "before"], server.SocketPath);
        CliRun fork = await CliRun.OfAsync(["fork", Sandbox, "--count", "2", "--snapshot", "before"], server.SocketPath);

        Assert.Equal((Snapshot + "\n", "40 KB in 14 ms, processes stood still for 6 ms\n"), (snapshot.Stdout, snapshot.Stderr));
        Assert.Equal($"{Sandbox} is at {Snapshot} after 9 ms, 1 command ended\n", rollback.Stdout);
        Assert.Equal(("sbx_1\nsbx_2\n", $"from {Snapshot}, the slowest after 6 ms\n"), (fork.Stdout, fork.Stderr));
        Assert.Equal(
            ["""{"name":"before"}""", """{"snapshot_id":"snap_0123456789ab"}""", """{"count":2,"snapshot_id":"snap_0123456789ab"}"""],
            server.Requests.Where(r => r.Method == "POST").Select(r => r.Text));
    }

    [Fact]
    public async Task Status_that_is_not_ready_names_the_check_and_ends_with_1()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path == "/readyz"
            ? FakeServer.Reply(503, """{"error":"not ready","code":"not_ready","checks":[{"name":"storage","ok":true},{"name":"containerd","ok":false,"message":"no answer"}]}""")
            : FakeServer.Reply(200, """{"version":"0.1.0"}"""));

        CliRun run = await CliRun.OfAsync(["status"], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("ready    no, containerd: no answer\n", run.Stdout, StringComparison.Ordinal);
        Assert.Contains("-> sleighctl doctor looks for the cause", run.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_ends_with_1_when_a_check_failed_and_not_when_one_warns()
    {
        string result = "warn";
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, $$"""{"items":[{"name":"x","result":"{{result}}","seen":"y"}]}"""));

        Assert.Equal(ExitCode.Success, (await CliRun.OfAsync(["doctor"], server.SocketPath)).ExitCode);
        result = "fail";
        Assert.Equal(ExitCode.Failure, (await CliRun.OfAsync(["doctor"], server.SocketPath)).ExitCode);
    }

    [Fact]
    public async Task An_error_of_the_daemon_is_its_sentence_and_its_hint()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            409, """{"error":"image \"node:20\" is not cached","code":"image_pull_needed","hint":"import it","request_id":"req_1"}"""));

        CliRun people = await CliRun.OfAsync(["create"], server.SocketPath);
        CliRun programs = await CliRun.OfAsync(["create", "-o", "json"], server.SocketPath);

        Assert.Equal((1, "", "sleighctl: image \"node:20\" is not cached\n  import it\n"), (people.ExitCode, people.Stdout, people.Stderr));
        Assert.Equal("image_pull_needed", (string?)JsonNode.Parse(programs.Stderr)!["code"]);
        Assert.Empty(programs.StdoutBytes);
    }

    [Fact]
    public async Task An_error_without_a_body_still_has_a_sentence()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(500, ""));

        Assert.Equal(
            "sleighctl: GET /admin/sandboxes was answered with status 500 and no reason\n", (await CliRun.OfAsync(["ls"], server.SocketPath)).Stderr);
    }

    [Fact]
    public async Task Something_that_is_not_our_daemon_is_told_from_it()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, "<html>\u001b[2J"));

        Assert.Contains("is not a JSON object: <html> [2J", (await CliRun.OfAsync(["ls"], server.SocketPath)).Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_comes_from_the_option_else_from_the_environment_else_it_is_the_systems()
    {
        CliRun set = await CliRun.OfAsync(["ls"], environment: name => name == "SLEIGH_SOCKET" ? "/tmp/sl-none/env" : null);
        CliRun given = await CliRun.OfAsync(["ls", "--socket", "/tmp/sl-none/option"], environment: _ => "/tmp/sl-none/env");

        Assert.Contains("cannot reach the daemon at /tmp/sl-none/env: there is no such socket", set.Stderr, StringComparison.Ordinal);
        Assert.Contains("/tmp/sl-none/option", given.Stderr, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Unreachable, ExitCode.Unreachable), (set.ExitCode, given.ExitCode));
        Assert.Contains("[default: $SLEIGH_SOCKET or /run/sleigh/sleigh.sock]", (await CliRun.OfAsync(["--help"])).Stdout, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status", "top", "ls", "inspect", "create", "exec", "cp", "logs", "events", "audit", "rm", "snapshot", "snapshots", "rollback", "undo", "fork", "ports", "secrets", "image", "pool", "storage", "session", "webhooks", "config", "doctor", "fsck", "quickstart", "bench", "completion", "version")]
    public async Task The_help_lists_every_command_and_each_has_an_example(params string[] commands)
    {
        string help = (await CliRun.OfAsync(["--help"])).Stdout;
        Assert.Contains("Exit codes:", help, StringComparison.Ordinal);
        foreach (string command in commands)
        {
            Assert.Matches($@"\n  {command} ", help);
            if (command is not ("image" or "session" or "config" or "completion"))
            {
                CliRun own = await CliRun.OfAsync([command, "--help"]);
                Assert.Equal(0, own.ExitCode);
                Assert.Matches($@"Examples:\r?\n  .*sleighctl {command}", own.Stdout);
            }
        }

        foreach (string command in (string[])
        [
            "image ls", "image pull", "image import", "image bootstrap", "image rm", "image prune", "pool refill", "storage grow", "storage scrub", "session ls", "session create", "session rm",
            "webhooks list", "webhooks show", "webhooks retry", "webhooks secret", "config show", "config check", "completion bash", "snapshot diff", "snapshot restore",
            "snapshot export", "snapshot to-image", "snapshot tree", "snapshot keep", "snapshot unkeep",
        ])
        {
            Assert.Matches($@"Examples:\n(  .*\n)*  .*sleighctl {command}", (await CliRun.OfAsync([.. command.Split(' '), "--help"])).Stdout);
        }
    }

    [Theory]
    [InlineData("Unrecognized command or argument 'lss'", "lss")]
    [InlineData("Required command was not provided")]
    [InlineData("--output is 'xml', must be table, json or yaml", "ls", "-o", "xml")]
    [InlineData("Cannot parse argument 'x' for option '--count'", "fork", Sandbox, "--count", "x")]
    [InlineData("Required argument 'SANDBOX' missing for command: 'rm'", "rm")]
    public async Task A_mistyped_line_is_one_sentence_and_exit_code_2(string expected, params string[] arguments)
    {
        CliRun run = await CliRun.OfAsync(arguments);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("sleighctl: " + expected, run.Stderr, StringComparison.Ordinal);
        Assert.Contains("--help shows what it takes", run.Stderr, StringComparison.Ordinal);
        Assert.Empty(run.StdoutBytes);
    }

    [Fact]
    public async Task A_mistyped_line_points_to_the_help_of_the_command_it_is_about()
    {
        CliRun run = await CliRun.OfAsync(["image", "import", "x.tar", "--file", "y"]);

        Assert.Contains("sleighctl image import --help shows what it takes", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_answers_without_a_daemon()
    {
        CliRun run = await CliRun.OfAsync(["version"], "/tmp/sl-none/s");

        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^sleighctl \d+\.\d+\.\d+\nsleighd   not running\n$", run.Stdout);
    }

    [Fact]
    public async Task A_call_that_is_interrupted_ends_with_130()
    {
        using var interrupt = new CancellationTokenSource();
        await using var server = new FakeServer(async _ =>
        {
            await interrupt.CancelAsync();
            return null;
        });

        Assert.Equal(ExitCode.Interrupted, (await CliRun.OfAsync(["ls"], server.SocketPath, cancellationToken: interrupt.Token)).ExitCode);
    }
}
