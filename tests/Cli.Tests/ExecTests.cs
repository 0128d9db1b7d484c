using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Commands;

namespace Sleigh.Cli.Tests;

public sealed class ExecTests
{
    private const string Sandbox = "sbx_0123456789ab";
    private const string Exec = "exec_0123456789ab";

    [Fact]
    public async Task A_short_command_takes_one_call_and_gives_its_output_and_exit_code()
    {
        await using FakeServer server = FakeServer.Answering(_ => Final("hello é\n", "oops\n", exitCode: 7));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "sh", "-c", "exit 7"], server.SocketPath);

        Assert.Equal(7, run.ExitCode);
        Assert.Equal("hello é\n", run.Stdout);
        Assert.Equal("oops\n", run.Stderr);
        Request request = Assert.Single(server.Requests);
        Assert.Equal("""{"wait":true,"wait_timeout_seconds":1,"argv":["sh","-c","exit 7"]}""", request.Text);
        Assert.StartsWith("sleighctl-", request.Headers["Idempotency-Key"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_become_fields_of_the_request()
    {
        await using FakeServer server = FakeServer.Answering(_ => Final("", ""));

        await CliRun.OfAsync(
            ["exec", Sandbox, "-c", "cat", "--cwd", "/tmp", "--env", "A=1", "-e", "B=x=y", "--user", "1000:1000", "--timeout", "5"],
            server.SocketPath);

        JsonNode body = JsonNode.Parse(Assert.Single(server.Requests).Body)!;
        Assert.Equal(
            """{"wait":true,"wait_timeout_seconds":1,"command":"cat","cwd":"/tmp","env":{"A":"1","B":"x=y"},"user":"1000:1000","timeout_seconds":5}""",
            body.ToJsonString());
    }

    [Fact]
    public async Task Binary_output_is_fetched_and_written_exactly()
    {
        byte[] binary = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 7))];
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/output", StringComparison.Ordinal)
            ? Piece(request, binary) : Final("\uFFFD...", "", stdoutBytes: binary.Length));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);

        Assert.True(binary.AsSpan().SequenceEqual(run.StdoutBytes));
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task A_replacement_character_the_command_wrote_itself_is_not_trusted()
    {
        byte[] written = [.. "\uFFFD"u8];
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/output", StringComparison.Ordinal)
            ? Piece(request, written) : Final("\uFFFD", "", stdoutBytes: 3));

        Assert.Equal(written, (await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath)).StdoutBytes);
    }

    [Fact]
    public async Task Output_shows_while_the_command_runs_and_no_byte_comes_twice()
    {
        byte[] all = "one\ntwo\nthree\n"u8.ToArray();
        int calls = 0;
        await using FakeServer server = FakeServer.Answering(request =>
        {
            if (request.Path.EndsWith("/output", StringComparison.Ordinal))
            {
                return Piece(request, all);
            }

            calls++;
            return calls switch
            {
                1 => Result("running", "one\n", 4),
                2 => Result("running", "one\ntwo\n", 8),
                _ => Result("succeeded", "one\ntwo\nthree\n", 14, 0),
            };
        });

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);

        Assert.Equal(all, run.StdoutBytes);
        Request[] posts = [.. server.Requests.Where(r => r.Method == "POST")];
        Assert.Equal(3, posts.Length);
        Assert.Single(posts.Select(p => p.Headers["Idempotency-Key"] + p.Text).Distinct());
    }

    [Fact]
    public async Task A_daemon_that_goes_away_meanwhile_is_waited_for()
    {
        int calls = 0;
        await using FakeServer server = FakeServer.Answering(_ => ++calls switch
        {
            1 => null,
            2 => Result("running", "", 0),
            3 => null,
            4 => FakeServer.Reply(503, """{"error":"shutting down","code":"shutting_down"}"""),
            _ => Final("done\n", ""),
        });

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);

        Assert.Equal((0, "done\n"), (run.ExitCode, run.Stdout));
        Assert.Single(server.Requests.Select(r => r.Headers["Idempotency-Key"]).Distinct());
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_command_and_waits_for_its_end()
    {
        using var interrupt = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource();
        int waits = 0;
        await using var server = new FakeServer(async request =>
        {
            if (request.Path.EndsWith("/cancel", StringComparison.Ordinal))
            {
                cancelled.SetResult();
                return Result("cancelling", "", 0);
            }

            if (++waits == 1)
            {
                return Result("running", "", 0);
            }

            await interrupt.CancelAsync();
            await cancelled.Task;
            return Result("cancelled", "bye\n", 4, 143);
        });

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "sleep", "inf"], server.SocketPath, cancellationToken: interrupt.Token);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal("bye\n", run.Stdout);
        Assert.Single(server.Requests, r => r.Target == $"/sandboxes/{Sandbox}/exec/{Exec}/cancel");
    }

    [Fact]
    public async Task A_command_that_is_started_again_instead_of_waited_for_is_a_failure()
    {
        int calls = 0;
        await using FakeServer server = FakeServer.Answering(_ => Result("running", "", 0, id: $"exec_{++calls:x12}"));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("the daemon started the command again as exec_000000000002", run.Stderr, StringComparison.Ordinal);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Json_gives_the_whole_output_in_the_result()
    {
        string text = new('x', 5000);
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/output", StringComparison.Ordinal)
            ? Piece(request, Encoding.UTF8.GetBytes(text))
            : Final("...(truncated stdout: omitted 2000 runes, showing last 3000)\n" + new string('x', 3000), "", stdoutBytes: 5000));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "-o", "json", "--", "x"], server.SocketPath);

        Assert.Equal(text, (string?)run.Json["stdout"]);
        Assert.Equal("succeeded", (string?)run.Json["status"]);
    }

    [Fact]
    public async Task Output_the_daemon_did_not_keep_is_named()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/output", StringComparison.Ordinal)
            ? Piece(request, "kept"u8.ToArray()) : Final("...(truncated stdout: omitted 1 runes, showing last 3000)\nx", "", stdoutBytes: 4 + 2048));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);

        Assert.Equal("kept", run.Stdout);
        Assert.Equal("sleighctl: the command wrote 2 KB more than the daemon keeps (exec.spool_max_bytes)\n", run.Stderr);
    }

    [Theory]
    [InlineData("""{"status":"succeeded","exit_code":0}""", false, 0, null)]
    [InlineData("""{"status":"failed","exit_code":3,"error":"command exited with status 3"}""", false, 3, null)]
    [InlineData("""{"status":"failed","timed_out":true,"exit_code":143,"error":"command timed out after 5s and was stopped"}""", false, 124, "command timed out after 5s and was stopped")]
    [InlineData("""{"status":"failed","error":"command could not be started: unknown user bob"}""", false, 1, "command could not be started: unknown user bob")]
    [InlineData("""{"status":"cancelled","exit_code":143}""", true, 130, "cancelled")]
    [InlineData("""{"status":"cancelled","exit_code":143}""", false, 143, "the command was cancelled")]
    [InlineData("""{"status":"succeeded","exit_code":0}""", true, 0, null)]
    [InlineData("""{"status":"failed"}""", false, 1, "the command ended as failed without a status")]
    public void The_exit_code_is_the_commands_own_where_it_has_one(string result, bool interrupted, int code, string? remark)
    {
        Assert.Equal((code, remark), ExecCommand.Outcome((JsonObject)JsonNode.Parse(result)!, interrupted));
    }

    [Fact]
    public async Task A_command_that_ran_out_of_memory_keeps_its_exit_code_and_one_line_explains_it()
    {
        const string Recovery = "memory grown from 256 MB to 512 MB (trigger high); out of memory: a process was killed at 512 MB; nothing was rolled back";
        const string Advice = "the host has no memory to give now; wait, delete sandboxes you do not need, then run the command again";
        JsonObject result = new()
        {
            ["id"] = Exec, ["sandbox_id"] = Sandbox, ["status"] = "failed", ["exit_code"] = 137, ["error"] = "command exited with status 137",
            ["recovery"] = Recovery, ["oom"] = new JsonObject { ["killed"] = true, ["advice"] = Advice },
            ["stdout_bytes"] = 0, ["stderr_bytes"] = 0, ["stdout"] = "", ["stderr"] = "",
        };
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, result.ToJsonString()));

        CliRun run = await CliRun.OfAsync(["exec", Sandbox, "--", "x"], server.SocketPath);
        CliRun program = await CliRun.OfAsync(["exec", Sandbox, "-o", "json", "--", "x"], server.SocketPath);

        Assert.Equal((137, $"sleighctl: {Recovery}; {Advice}\n"), (run.ExitCode, run.Stderr));
        Assert.Equal((137, Advice), (program.ExitCode, (string?)program.Json["oom"]!["advice"]));
    }

    [Theory]
    [InlineData("nothing to run", "exec", Sandbox)]
    [InlineData("not both", "exec", Sandbox, "-c", "x", "--", "y")]
    [InlineData("--env 'NO_SUCH_NAME_HERE' is not set here", "exec", Sandbox, "-e", "NO_SUCH_NAME_HERE", "--", "y")]
    [InlineData("--env '=x' must be NAME=VALUE", "exec", Sandbox, "-e", "=x", "--", "y")]
    public async Task A_command_line_that_makes_no_sense_is_a_usage_error(string expected, params string[] arguments)
    {
        CliRun run = await CliRun.OfAsync(arguments, "/tmp/sl-none/s");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_after_the_dashes_belongs_to_the_program()
    {
        await using FakeServer server = FakeServer.Answering(_ => Final("", ""));

        await CliRun.OfAsync(["exec", Sandbox, "--", "ls", "--help", "-o", "json", "--", "-c"], server.SocketPath);

        Assert.Equal("""["ls","--help","-o","json","--","-c"]""", JsonNode.Parse(Assert.Single(server.Requests).Body)!["argv"]!.ToJsonString());
    }

    private static byte[] Final(string stdout, string stderr, int exitCode = 0, int? stdoutBytes = null) => FakeServer.Reply(200, new JsonObject
    {
        ["id"] = Exec, ["sandbox_id"] = Sandbox, ["status"] = exitCode == 0 ? "succeeded" : "failed", ["exit_code"] = exitCode,
        ["stdout_bytes"] = stdoutBytes ?? Encoding.UTF8.GetByteCount(stdout), ["stderr_bytes"] = Encoding.UTF8.GetByteCount(stderr),
        ["stdout"] = stdout, ["stderr"] = stderr,
    }.ToJsonString());

    private static byte[] Result(string status, string stdout, int bytes, int? exitCode = null, string id = Exec)
    {
        JsonObject result = new()
        {
            ["id"] = id, ["sandbox_id"] = Sandbox, ["status"] = status, ["stdout_bytes"] = bytes, ["stderr_bytes"] = 0, ["stdout"] = stdout, ["stderr"] = "",
        };
        if (exitCode is not null)
        {
            result["exit_code"] = exitCode;
        }

        return FakeServer.Reply(200, result.ToJsonString());
    }

    private static byte[] Piece(Request request, byte[] all)
    {
        int offset = int.Parse(request.Query["offset"], System.Globalization.CultureInfo.InvariantCulture);
        int limit = int.Parse(request.Query["limit"], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("base64", request.Query["encoding"]);
        byte[] piece = [.. all.Skip(offset).Take(limit)];
        return FakeServer.Reply(200, new JsonObject { ["next_offset"] = offset + piece.Length, ["data"] = Convert.ToBase64String(piece) }.ToJsonString());
    }
}
