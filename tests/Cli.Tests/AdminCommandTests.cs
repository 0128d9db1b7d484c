using System.Text.Json.Nodes;
using Sleigh.Cli.Commands;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class AdminCommandTests
{
    private const string Sandboxes = """
        {"items":[
          {"sandbox_id":"sbx_000000000001","name":"web","image":"base","status":"running","labels":{"session_id":"sid_71b200000000","task":"42"},"session_id":"sid_71b200000000","memory_limit_mb":256,"memory_ceiling_mb":1024,"network":"none"},
          {"sandbox_id":"sbx_000000000002","status":"exited","labels":{"task":"43"},"session_id":"sid_000000000000"}]}
        """;

    [Theory]
    [InlineData("sbx_000000000001\nsbx_000000000002\n", "ls", "-q")]
    [InlineData("sbx_000000000001\n", "ls", "-q", "--session", "71b2")]
    [InlineData("sbx_000000000002\n", "ls", "-q", "--session", "sid_000000000000", "--label", "task=43")]
    [InlineData("", "ls", "-q", "-l", "task=42", "-l", "more=1")]
    public async Task Ls_filters_and_quiet_leaves_the_ids(string expected, params string[] arguments)
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, Sandboxes));

        CliRun run = await CliRun.OfAsync(arguments, server.SocketPath);

        Assert.Equal((0, expected, ""), (run.ExitCode, run.Stdout, run.Stderr));
    }

    [Fact]
    public async Task Ls_wide_shows_labels_and_ceiling_and_yaml_is_the_daemons_answer()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, Sandboxes));

        string wide = (await CliRun.OfAsync(["ls", "-w"], server.SocketPath)).Stdout;
        string yaml = (await CliRun.OfAsync(["ls", "-o", "yaml", "--label", "task=43"], server.SocketPath)).Stdout;

        Assert.Matches(@"CEILING  CPUS  NETWORK  USED  PARENT  LABELS\n", wide);
        Assert.Matches(@"\n.* 1 GB +- +none .*task=42\n", wide);
        Assert.Equal("items:\n- sandbox_id: sbx_000000000002\n  status: exited\n  labels:\n    task: \"43\"\n  session_id: sid_000000000000\n", yaml);
    }

    [Theory]
    [InlineData("sbx_1\n", "create")]
    [InlineData("snap_1\n", "snapshot", "sbx_0123456789ab")]
    [InlineData("snap_1\nsnap_2\n", "snapshots", "sbx_0123456789ab")]
    [InlineData("sbx_1\nsbx_2\n", "fork", "sbx_0123456789ab")]
    [InlineData("a:1\nb\n", "image", "ls")]
    [InlineData("sid_1\n", "session", "ls")]
    public async Task Quiet_is_ids_and_nothing_else(string expected, params string[] arguments)
    {
        await using FakeServer server = FakeServer.Answering(request => (request.Method, request.Path.Split('/')[^1]) switch
        {
            ("POST", "sandboxes") => FakeServer.Reply(201, """{"sandbox_id":"sbx_1"}"""),
            ("POST", "snapshots") => FakeServer.Reply(201, """{"id":"snap_1"}"""),
            (_, "snapshots") => FakeServer.Reply(200, """{"items":[{"id":"snap_1"},{"id":"snap_2"}]}"""),
            (_, "fork") => FakeServer.Reply(201, """{"items":[{"sandbox_id":"sbx_1"},{"sandbox_id":"sbx_2"}]}"""),
            (_, "images") => FakeServer.Reply(200, """{"items":[{"name":"a:1"},{"name":"b"}]}"""),
            _ => FakeServer.Reply(200, """{"items":[{"session_id":"sid_1"}]}"""),
        });

        CliRun run = await CliRun.OfAsync([.. arguments, "-q"], server.SocketPath);

        Assert.Equal((0, expected, ""), (run.ExitCode, run.Stdout, run.Stderr));
    }

    [Fact]
    public async Task Inspect_shows_settings_place_snapshots_and_commands()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """
            {"sandbox":{"sandbox_id":"sbx_0123456789ab","memory_limit_mb":256,"labels":{"a":"1"}},"host":{"slot":"s1","pid":77,"layer":"l1"},
             "snapshots":[{"id":"snap_1","bytes":1}],"execs":[{"id":"exec_1","status":"failed","exit_code":3,"usage":{"wall_ms":27}}]}
            """));

        CliRun run = await CliRun.OfAsync(["inspect", "sbx_0123456789ab"], server.SocketPath);

        Assert.Equal("/admin/sandboxes/sbx_0123456789ab", Assert.Single(server.Requests).Target);
        Assert.Matches(@"memory limit  256 MB\nlabels        a=1\n\non the host:\n  slot   s1\n  pid    77\n", run.Stdout);
        Assert.Matches(@"snapshots:\n  ID .*\n  snap_1 ", run.Stdout);
        Assert.Matches(@"latest commands:\n  ID .*\n  exec_1  failed +3 +- +- +27 ms ", run.Stdout);
    }

    [Fact]
    public async Task A_session_is_created_listed_and_removed()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Method switch
        {
            "DELETE" => "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(),
            "POST" => FakeServer.Reply(201, """{"session_token":"sess_1","session_id":"sid_1"}"""),
            _ => FakeServer.Reply(200, """{"items":[{"session_id":"sid_71b200000000","sandboxes":2,"running_execs":0},{"session_id":"sid_0","administrator":true}]}"""),
        });

        CliRun created = await CliRun.OfAsync(["session", "create"], server.SocketPath);
        CliRun listed = await CliRun.OfAsync(["session", "ls"], server.SocketPath);
        CliRun removed = await CliRun.OfAsync(["session", "rm", "71b2"], server.SocketPath);

        Assert.Equal(("sess_1\n", "token of sid_1\n"), (created.Stdout, created.Stderr));
        Assert.Matches(@"sid_71b200000000 +2 +0 +- +- +never\n", listed.Stdout);
        Assert.Contains("never (administrator)", listed.Stdout, StringComparison.Ordinal);
        Assert.Equal("sid_71b200000000\n", removed.Stdout);
        Assert.Equal("/sessions/sid_71b200000000", server.Requests[^1].Target);
    }

    [Fact]
    public async Task The_pool_is_shown_and_filled()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"enabled":true,"target_size":2,"target_now":4,"max_size":8,"available":1,"making":3,"image":"base","memory_mb":256,"hits":9,"misses":1,"refill_total":13,"dropped":2}"""));

        CliRun shown = await CliRun.OfAsync(["pool"], server.SocketPath);
        CliRun filled = await CliRun.OfAsync(["pool", "refill", "-o", "json"], server.SocketPath);

        Assert.Equal(
            "ready       1 of 4\nbeing made  3\nsize        2, with demand up to 8\nimage       base\nmemory      256 MB\nserved      9 of 10 creates (90 %)\nmade        13\ndropped     2\n",
            shown.Stdout);
        Assert.Equal(1, (int?)filled.Json["available"]);
        Assert.Equal([("GET", "/admin/pool"), ("POST", "/warm-pool/refill")], server.Requests.Select(r => (r.Method, r.Target)));
    }

    [Fact]
    public async Task Storage_is_shown_and_grown()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """
            {"warning":"beware","driver":"btrfs","reason":"in a pool file","root":"/d/pool","total_bytes":8589934592,"free_bytes":5368709120,
             "pool":{"file":"/d/pool.btrfs","size_bytes":8589934592,"allocated_bytes":3221225472,"disk_free_bytes":21474836480},
             "quota":{"kind":"btrfs","on":true,"reason":"btrfs quotas"},
             "scrub":{"running":{"outcome":"running","started_at":"2026-11-30T03:00:00.000Z","percent":40,"checked_bytes":1048576,"errors":0,"uncorrectable":0},
                      "last":{"outcome":"failed","started_at":"2026-10-30T03:00:00.000Z","percent":7,"checked_bytes":2097152,"errors":3,"uncorrectable":2,"error":"of the\ndisk"}},
             "shared_bytes":1048576,
             "items":[{"sandbox_id":"sbx_0123456789ab","name":"box","disk_limit_mb":64,"live_bytes":2097152,"live_exclusive_bytes":1048576,"snapshots":2,"snapshot_bytes":3145728,"snapshot_exclusive_bytes":0},
                      {"sandbox_id":"sbx_0123456789ac","snapshots":0}]}
            """));

        CliRun shown = await CliRun.OfAsync(["storage"], server.SocketPath);
        CliRun grown = await CliRun.OfAsync(["storage", "grow", "10GiB", "-o", "json"], server.SocketPath);
        CliRun bad = await CliRun.OfAsync(["storage", "grow", "10"], server.SocketPath);
        await CliRun.OfAsync(["storage", "--measure"], server.SocketPath);
        CliRun scrubbed = await CliRun.OfAsync(["storage", "scrub"], server.SocketPath);
        await CliRun.OfAsync(["storage", "scrub", "--cancel"], server.SocketPath);

        Assert.Equal(
            """
            driver       btrfs (in a pool file)
            layers in    /d/pool
            free         5 GB of 8 GB
            pool file    /d/pool.btrfs
            takes        3 GB of 8 GB, 20 GB free on the disk below
            disk limits  btrfs (btrfs quotas)
            scrub        running, begun 2026-11-30T03:00:00.000Z, 40 %, 1 MB, no errors
            last scrub   failed, begun 2026-10-30T03:00:00.000Z, 7 %, 2 MB, 3 errors, 2 of them stay: of the disk
            shared       1 MB

            ID                NAME  LIMIT    FILES      OWN  SNAPSHOTS     SIZE      OWN
            sbx_0123456789ab  box   64 MB     2 MB     1 MB          2     3 MB      0 B
            sbx_0123456789ac  -      none  unknown  unknown          0  unknown  unknown

            """.ReplaceLineEndings("\n"),
            shown.Stdout);
        Assert.Equal("beware", (string?)grown.Json["warning"]);
        Assert.Equal(2, bad.ExitCode);
        Assert.StartsWith("sleighctl: '10' is no size: a number with MiB, GiB or TiB\n", bad.Stderr, StringComparison.Ordinal);
        Assert.Equal(
            [("GET", "/admin/storage"), ("POST", "/admin/storage/grow"), ("GET", "/admin/storage?measure=true"), ("POST", "/admin/storage/scrub"), ("POST", "/admin/storage/scrub")],
            server.Requests.Select(r => (r.Method, r.Target)));
        Assert.Equal("""{"bytes":10737418240}""", server.Requests[1].Text);
        Assert.Equal(("""{"cancel":false}""", """{"cancel":true}"""), (server.Requests[3].Text, server.Requests[4].Text));
        Assert.Equal("sleighctl: beware\n", scrubbed.Stderr);
    }

    [Fact]
    public async Task Config_shows_where_each_setting_comes_from()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """
            {"items":[{"key":"http.listen","value":"127.0.0.1:10122","source":"default"},{"key":"http.api_key","value":"***","source":"file /etc/sleigh/sleigh.yaml","secret":true}]}
            """));

        CliRun all = await CliRun.OfAsync(["config", "show"], server.SocketPath);
        CliRun changed = await CliRun.OfAsync(["config", "show", "--changed", "-o", "json"], server.SocketPath);

        Assert.Equal("KEY           VALUE            FROM\nhttp.listen   127.0.0.1:10122  default\nhttp.api_key  ***              file /etc/sleigh/sleigh.yaml\n", all.Stdout);
        Assert.Equal("http.api_key", (string?)Assert.Single(changed.Json["items"]!.AsArray())!["key"]);
    }

    [Fact]
    public async Task Config_check_runs_the_daemon_beside_it_and_says_when_there_is_none()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        string daemon = Path.Combine(folder, "sleighd");
        await File.WriteAllTextAsync(daemon, "#!/bin/sh\necho \"args: $*\"\ncase $* in *bad*) echo 'http.listen is x' >&2; exit 1;; esac\n");
        File.SetUnixFileMode(daemon, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string? Path_(string name) => name == "PATH" ? folder : null;

        CliRun good = await CliRun.OfAsync(["config", "check", "good.yaml"], environment: Path_);
        CliRun plain = await CliRun.OfAsync(["config", "check"], environment: Path_);
        CliRun bad = await CliRun.OfAsync(["config", "check", "bad.yaml", "-o", "json"], environment: Path_);
        CliRun none = await CliRun.OfAsync(["config", "check"]);
        Directory.Delete(folder, recursive: true);

        Assert.Equal((0, "args: --check-config --config good.yaml\n"), (good.ExitCode, good.Stdout));
        Assert.Equal("args: --check-config\n", plain.Stdout);
        Assert.Equal((1, false, "http.listen is x"), (bad.ExitCode, (bool?)bad.Json["valid"], (string?)bad.Json["messages"]![1]));
        Assert.Equal((1, true), (none.ExitCode, none.Stderr.StartsWith("sleighctl: sleighd was not found beside sleighctl", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Config_reload_says_what_changed_and_what_needs_a_restart()
    {
        string answer = """{"changed":["log.level","pool.size"],"restart_needed":["http.listen"]}""";
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, answer));

        CliRun table = await CliRun.OfAsync(["config", "reload"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["config", "reload", "-o", "json"], server.SocketPath);
        answer = """{"changed":[],"restart_needed":[]}""";
        CliRun nothing = await CliRun.OfAsync(["config", "reload"], server.SocketPath);

        Assert.Equal((0, "changed: log.level, pool.size\nthese need a restart: http.listen\n"), (table.ExitCode, table.Stdout));
        Assert.Equal("log.level", (string?)json.Json["changed"]![0]);
        Assert.Equal("nothing has changed\n", nothing.Stdout);
        Assert.Equal("POST /admin/config/reload", server.Requests.Select(r => $"{r.Method} {r.Target}").First());
    }

    [Fact]
    public async Task A_refused_reload_lists_every_error()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            400, """{"error":"reload refused: a, and 1 more; the old configuration is in force","code":"configuration_refused","details":{"errors":["/x:1: a","/x:2: b"]}}"""));

        CliRun table = await CliRun.OfAsync(["config", "reload"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["config", "reload", "-o", "json"], server.SocketPath);

        Assert.Equal(
            (1, "", "sleighctl: the new configuration is refused, the old one stays in force\n  /x:1: a\n  /x:2: b\n"), (table.ExitCode, table.Stdout, table.Stderr));
        Assert.Contains("/x:2: b", json.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_show_asks_the_program_where_no_daemon_answers_and_says_so()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        string daemon = Path.Combine(folder, "sleighd");
        await File.WriteAllTextAsync(
            daemon,
            """
            #!/bin/sh
            [ "$*" = "show-config -o json" ] || exit 9
            [ ! -e "$(dirname "$0")/bad" ] || { echo "sleighd: pool.size is x" >&2; exit 78; }
            echo '{"items":[{"key":"http.listen","value":"127.0.0.1:1","source":"environment"}]}'

            """);
        File.SetUnixFileMode(daemon, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string socket = Path.Combine(folder, "none.sock");
        string? Path_(string name) => name == "PATH" ? $"{folder}:/usr/bin:/bin" : null;

        CliRun shown = await CliRun.OfAsync(["config", "show"], socket, environment: Path_);
        await File.WriteAllTextAsync(Path.Combine(folder, "bad"), "");
        CliRun bad = await CliRun.OfAsync(["config", "show"], socket, environment: Path_);
        CliRun none = await CliRun.OfAsync(["config", "show"], socket);
        Directory.Delete(folder, recursive: true);

        Assert.Equal((0, "KEY          VALUE        FROM\nhttp.listen  127.0.0.1:1  environment\n"), (shown.ExitCode, shown.Stdout));
        Assert.Equal(
            $"sleighctl: cannot reach the daemon at {socket}: there is no such socket; these are the settings it would start with, variables of its service left out\n",
            shown.Stderr);
        Assert.Equal(1, bad.ExitCode);
        Assert.StartsWith("sleighctl: no daemon answers, and its configuration is not good: sleighd: pool.size is x\n", bad.Stderr, StringComparison.Ordinal);
        Assert.Equal(3, none.ExitCode);
    }

    [Fact]
    public async Task Prune_asks_for_what_was_typed_and_says_what_it_freed()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """{"items":[{"name":"old:1","size_bytes":1048576}],"freed_bytes":1048576}"""));

        CliRun dry = await CliRun.OfAsync(["image", "prune", "--unused-for", "7d", "--dry-run"], server.SocketPath);
        CliRun real = await CliRun.OfAsync(["image", "prune", "-q"], server.SocketPath);
        CliRun wrong = await CliRun.OfAsync(["image", "prune", "--unused-for", "soon"], server.SocketPath);

        Assert.Equal("1 image, 1 MB would be freed\n", dry.Stderr);
        Assert.Equal(("old:1\n", ""), (real.Stdout, real.Stderr));
        Assert.Equal(["""{"unused_for_seconds":604800,"dry_run":true}""", "{}"], server.Requests.Select(r => r.Text));
        Assert.Equal((2, "sleighctl: --unused-for is 'soon', must be a number with s, m, h, d or w behind it, such as 7d\n"), (wrong.ExitCode, wrong.Stderr.Split('\n')[0] + "\n"));
    }

    [Fact]
    public async Task A_pull_is_lines_for_a_log_and_the_daemons_lines_for_a_program()
    {
        const string Lines = """
            {"pull":{"stage":"resolving","layers":[]}}
            {"pull":{"stage":"downloading","layers":[{"digest":"sha256:aa","size":100,"received":0,"state":"waiting"},{"digest":"sha256:bb","size":50,"received":50,"state":"present"}]}}
            {"pull":{"stage":"downloading","layers":[{"digest":"sha256:aa","size":100,"received":60,"state":"downloading"}]}}
            {"pull":{"stage":"unpacking","layers":[]}}

            """;
        string last = """{"image":{"name":"app:1","size_bytes":150}}""" + "\n";
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, Lines + last));

        CliRun people = await CliRun.OfAsync(["image", "pull", "app:1", "--platform", "linux/arm64"], server.SocketPath);
        CliRun programs = await CliRun.OfAsync(["image", "pull", "app:1", "-o", "json"], server.SocketPath);
        last = """{"error":"registry refused the login","code":"image_pull_failed","hint":"check the credentials"}""" + "\n";
        CliRun failed = await CliRun.OfAsync(["image", "pull", "app:1"], server.SocketPath);

        Assert.Equal("""{"name":"app:1","platform":"linux/arm64"}""", server.Requests[0].Text);
        Assert.Equal("app:1\n", people.Stdout);
        Assert.Matches(@"^resolving\ndownloading 1 layer, 100 B, 1 is here already\nunpacking\n150 B in \d+s\n$", people.Stderr);
        Assert.Equal(5, programs.Stdout.Count(c => c == '\n'));
        Assert.Equal("app:1", (string?)JsonNode.Parse(programs.Stdout.Split('\n')[4])!["image"]!["name"]);
        Assert.Equal((1, ""), (failed.ExitCode, failed.Stdout));
        Assert.EndsWith("sleighctl: registry refused the login\n  check the credentials\n", failed.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", 90L)]
    [InlineData("2w", 1_209_600L)]
    [InlineData("0d", 0L)]
    [InlineData("7", null)]
    [InlineData("d", null)]
    [InlineData("-1d", null)]
    [InlineData("", null)]
    public void A_length_of_time_is_a_number_and_a_unit(string text, long? seconds) => Assert.Equal(seconds, Durations.Seconds(text));

    [Fact]
    public async Task Errors_are_in_the_format_that_was_asked_for()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(404, """{"error":"resource not found: sandbox x","code":"not_found"}"""));

        Assert.Equal("error: \"resource not found: sandbox x\"\ncode: not_found\n", (await CliRun.OfAsync(["ls", "-o", "yaml"], server.SocketPath)).Stderr);
        Assert.Equal("usage", (string?)JsonNode.Parse((await CliRun.OfAsync(["lss", "-o", "json"])).Stderr)!["code"]);
        Assert.StartsWith("error: ", (await CliRun.OfAsync(["rm", "--output=yaml"])).Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_need_a_terminal_that_has_them_and_nobody_against_them()
    {
        Assert.Equal("\u001b[32mok\u001b[0m", new Paint(on: true).Good("ok"));
        Assert.Equal("ok", Paint.None.Good("ok"));
        Assert.True(Paint.IsWanted(name => name == "TERM" ? "xterm" : null));
        Assert.False(Paint.IsWanted(name => name == "TERM" ? "xterm" : "1"));
        Assert.False(Paint.IsWanted(name => name == "TERM" ? "dumb" : null));
        Assert.False(Paint.IsWanted(_ => null));
    }
}
