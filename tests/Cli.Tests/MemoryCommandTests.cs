using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class MemoryCommandTests
{
    private const string Ledger = """
        "time":"2026-01-05T09:00:01.120Z","ledger":{"total_bytes":8589934592,"available_bytes":4294967296,"reserve_bytes":859832320,"budget_bytes":7730102272,"limits_bytes":536870912,"promised_bytes":209715200,"used_bytes":199229440,"reclaimable_bytes":10485760,"room_bytes":3221225472,"room_reason":"the budget less what is promised"},"signals":"25 ms of stall in 500 ms"
        """;

    private const string Web = """
        "sandbox_id":"sbx_0123456789ab","name":"web","session_id":"sid_1","status":"running","priority":7,"start_mb":256,"limit_mb":512,"brake_bytes":536870912,"wall_bytes":738197504,"ceiling_bytes":2147483648,"usage_bytes":314572800,"working_set_bytes":262144000,"promised_bytes":738197504,"stall_some_avg10":0.25,"waiting":true
        """;

    private static readonly string All = $$$"""
        {{{{Ledger}}},"items":[{{{{Web}}}},
        {"sandbox_id":"sbx_2","status":"running","limit_mb":256,"wall_bytes":268435456,"promised_bytes":0,"growth_unavailable":"off"},
        {"sandbox_id":"sbx_3","status":"exited","limit_mb":256,"wall_bytes":268435456,"promised_bytes":0},
        {"sandbox_id":"sbx_4","status":"paused","limit_mb":256,"brake_bytes":268435456,"wall_bytes":268435456,"promised_bytes":0,"squeezed":true},
        {"sandbox_id":"sbx_5","status":"running","limit_mb":256,"brake_bytes":268435456,"wall_bytes":402653184,"promised_bytes":0}]}
        """;

    [Fact]
    public async Task Memory_is_the_ledger_and_a_row_for_each_sandbox()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, All));

        CliRun run = await CliRun.OfAsync(["memory"], server.SocketPath);

        Assert.Equal(("GET", "/admin/memory"), (server.Requests[0].Method, Assert.Single(server.Requests).Target));
        Assert.Equal((0, ""), (run.ExitCode, run.Stderr));
        Assert.Equal(
            """
            host     4 GB available of 8 GB, 820 MB never promised
            ledger   budget 7.2 GB, promised 200 MB, in use 190 MB, reclaimable 10 MB, limits 512 MB
            room     3 GB (the budget less what is promised)
            signals  25 ms of stall in 500 ms

            ID                NAME   LIMIT   BRAKE    WALL   USAGE  WORKING SET  PROMISED  STALL%  STATE
            sbx_0123456789ab  web   512 MB  512 MB  704 MB  300 MB       250 MB    704 MB     0.3  waits for room
            sbx_2             -     256 MB    none  256 MB       -            -       0 B       -  fixed limit
            sbx_3             -     256 MB    none  256 MB       -            -       0 B       -  exited
            sbx_4             -     256 MB  256 MB  256 MB       -            -       0 B       -  frozen to save memory
            sbx_5             -     256 MB  256 MB  384 MB       -            -       0 B       -  grows

            """,
            run.Stdout);
        Assert.Equal("sbx_0123456789ab\nsbx_2\nsbx_3\nsbx_4\nsbx_5\n", (await CliRun.OfAsync(["memory", "-q"], server.SocketPath)).Stdout);
        Assert.Equal(5, (await CliRun.OfAsync(["memory", "-o", "json"], server.SocketPath)).Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Of_one_sandbox_the_details_and_the_last_twenty_decisions_are_shown()
    {
        const string refused = """{"time":"2026-01-05T09:00:02.050Z","action":"refused","trigger":"psi","from_mb":512,"to_mb":512,"wanted_mb":1024,"cause":"host_short","reason":"no room","usage_bytes":314572800,"working_set_bytes":262144000,"wall_bytes":738197504,"slope_bytes_per_second":125829120,"stall_usec":31500,"room_bytes":0,"delay_usec":2100}""";
        const string back = """{"time":"2026-01-05T09:00:01.000Z","action":"given_back","from_mb":600,"to_mb":512,"reason":"no stall","usage_bytes":0,"working_set_bytes":0,"wall_bytes":0,"slope_bytes_per_second":0,"stall_usec":0,"room_bytes":0,"given_back_bytes":92274688}""";
        string decisions = string.Join(',', Enumerable.Repeat(refused, 19).Append(back).Append("""{"time":"2020-01-01T00:00:00.000Z","action":"ancient"}"""));
        await using FakeServer server = FakeServer.Answering(request => FakeServer.Reply(200, request.Path == "/admin/sandboxes"
            ? """{"items":[{"sandbox_id":"sbx_0123456789ab","name":"web"}]}"""
            : $$$"""{{{{Web}}},"cpu_throttled_share":0.4,"near_limit":"memory usage 91.20% exceeded threshold 85.00%","psi":{"some_avg10":0.25,"full_avg10":0,"some_total_usec":81234,"full_total_usec":0},"events":{"high":3,"max":1,"oom":2,"oom_kill":4},{{{Ledger}}},"decisions":[{{{decisions}}}]}"""));

        CliRun run = await CliRun.OfAsync(["memory", "web"], server.SocketPath);

        Assert.Equal("/admin/memory/sbx_0123456789ab", server.Requests[^1].Target);
        Assert.StartsWith(
            """
            sandbox      sbx_0123456789ab (web)
            state        waits for room
            growth       by itself
            near limit   memory usage 91.20% exceeded threshold 85.00%
            limit        512 MB, started with 256 MB
            brake        512 MB
            wall         704 MB
            ceiling      2 GB
            usage        300 MB
            working set  250 MB
            promised     704 MB
            stall        0.25 % some, 0.00 % full in the last 10 s; 81.2 ms in all
            CPU          at its limit in 40.0 % of the periods
            counters     brake 3, wall 1, out of memory 2, killed 4
            priority     7

            host     4 GB available of 8 GB, 820 MB never promised
            ledger   budget 7.2 GB, promised 200 MB, in use 190 MB, reclaimable 10 MB, limits 512 MB
            room     3 GB (the budget less what is promised)
            signals  25 ms of stall in 500 ms

            last decisions:
            TIME                     WHAT        BY     FROM      TO   WANTED   USAGE  WORKING SET    WALL  GREW/S   STALL  ROOM   BACK   DELAY  REASON
            2026-01-05 09:00:02.050  refused     psi  512 MB  512 MB  1024 MB  300 MB       250 MB  704 MB  120 MB   32 ms   0 B      -  2.1 ms  no room
            """,
            run.Stdout,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "2026-01-05 09:00:01.000  given_back  -    600 MB  512 MB        -     0 B          0 B     0 B     0 B  0.0 ms   0 B  88 MB       -  no stall\n",
            run.Stdout,
            StringComparison.Ordinal);
        Assert.DoesNotContain("ancient", run.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_growth_is_not_available_it_is_said_with_the_reason_and_without_decisions_there_is_no_table()
    {
        var memory = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(
            """{"sandbox_id":"sbx_1","status":"running","limit_mb":256,"start_mb":256,"growth_unavailable":"no controller\u001b[2J","ledger":{"growth_unavailable":"no controller"},"signals":"no controller","decisions":[]}""")!;

        string text = MemoryViews.One(memory, Paint.None);

        Assert.Contains("growth   not by itself: no controller [2J\n", text, StringComparison.Ordinal);
        Assert.Contains("\ngrowth  not available: no controller\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("signals", text, StringComparison.Ordinal);
        Assert.EndsWith("\nno decisions yet\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "expand", "sbx_0123456789ab" }, """{"auto_expand":true}""")]
    [InlineData(new[] { "expand", "sbx_0123456789ab", "1024" }, """{"target_mb":1024}""")]
    public async Task Expand_asks_for_a_limit_or_for_one_step(string[] arguments, string body)
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"triggered":true,"from_mb":512,"to_mb":1024,"reason":"memory expanded by agent decision","ceiling_mb":57600}"""));

        CliRun run = await CliRun.OfAsync(arguments, server.SocketPath);

        Assert.Equal((0, "limit raised from 512 MB to 1024 MB: memory expanded by agent decision\n", ""), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal(
            ("POST", "/sandboxes/sbx_0123456789ab/memory/expand", body),
            (server.Requests[0].Method, server.Requests[0].Target, System.Text.Encoding.UTF8.GetString(server.Requests[0].Body)));
    }

    [Fact]
    public async Task A_limit_that_did_not_rise_ends_with_1_and_a_refusal_is_the_daemons_sentence()
    {
        await using (FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"triggered":false,"from_mb":600,"to_mb":600,"reason":"already at-or-above configured ceiling (600 MB); current=600 MB","ceiling_mb":600}""")))
        {
            CliRun run = await CliRun.OfAsync(["expand", "sbx_0123456789ab"], server.SocketPath);
            Assert.Equal((1, "limit stays at 600 MB: already at-or-above configured ceiling (600 MB); current=600 MB\n", ""), (run.ExitCode, run.Stdout, run.Stderr));
        }

        await using FakeServer low = FakeServer.Answering(_ => FakeServer.Reply(
            503, """{"error":"host memory available ratio 9.50% is below 10%; memory expand is blocked","code":"host_memory_low"}"""));
        CliRun refused = await CliRun.OfAsync(["expand", "sbx_0123456789ab", "900"], low.SocketPath);
        Assert.Equal((1, "", "sleighctl: host memory available ratio 9.50% is below 10%; memory expand is blocked\n"), (refused.ExitCode, refused.Stdout, refused.Stderr));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("NaN")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999")]
    public async Task A_wrong_number_of_MB_is_a_usage_error(string mb)
    {
        CliRun run = await CliRun.OfAsync(["expand", "sbx_0123456789ab", "--", mb]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"MB is '{mb}', must be a whole number above 0", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_is_questions_with_answers()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"sandbox_id":"sbx_0123456789ab","answers":[{"question":"Why did it grow?","answer":"It has not grown."},{"question":"Why is it slow?","answer":"Nothing\u001b that Sleigh limits slows it."}]}"""));

        CliRun run = await CliRun.OfAsync(["explain", "sbx_0123456789ab"], server.SocketPath);

        Assert.Equal("/admin/memory/sbx_0123456789ab/explain", Assert.Single(server.Requests).Target);
        Assert.Equal("Why did it grow?\n  It has not grown.\n\nWhy is it slow?\n  Nothing  that Sleigh limits slows it.\n", run.Stdout);
        Assert.Equal("sbx_0123456789ab", (string?)(await CliRun.OfAsync(["explain", "sbx_0123456789ab", "-o", "json"], server.SocketPath)).Json["sandbox_id"]);
    }

    [Theory]
    [InlineData("memory", "sleighctl memory web")]
    [InlineData("expand", "sleighctl expand web 2048")]
    [InlineData("explain", "sleighctl explain web")]
    public async Task The_help_ends_with_examples(string command, string example) =>
        Assert.Contains($"  {example}\n", (await CliRun.OfAsync([command, "--help"])).Stdout, StringComparison.Ordinal);
}
