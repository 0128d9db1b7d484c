namespace Sleigh.Cli.Tests;

public sealed class WebhookCommandTests
{
    private const string Failed = """
        "delivery_id":"whd_0123456789ab","session_id":"sid_1","sandbox_id":"sbx_1","exec_id":"exec_1","webhook_url":"http://h.example/x?***","state":"failed","attempts":5,"last_status":500,"last_error":"answered with status 500","created_at":"2026-01-05T09:00:00.000Z","completed_at":"2026-01-05T09:00:16.000Z"
        """;

    private static readonly string All = $$$"""
        {"queued":1,"items":[{{{{Failed}}}},
        {"delivery_id":"whd_2","exec_id":"exec_2","webhook_url":"https://a.example:8443/","state":"queued","attempts":1,"next_try_at":"2999-01-01T00:00:00.000Z","last_error":"connection refused","created_at":"2026-01-05T09:00:00.000Z"},
        {"delivery_id":"whd_3","exec_id":"exec_3","webhook_url":"http://b.example/\u001b[31m","state":"delivered","attempts":1,"last_status":204}]}
        """;

    [Theory]
    [InlineData("/admin/webhooks?limit=100", "webhooks")]
    [InlineData("/admin/webhooks?limit=100", "webhooks", "list")]
    [InlineData("/admin/webhooks?limit=7&state=failed", "webhooks", "list", "--state", "failed", "--limit", "7")]
    public async Task A_list_says_how_many_wait_and_what_became_of_each(string target, params string[] arguments)
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, All));

        CliRun run = await CliRun.OfAsync(arguments, server.SocketPath);

        Assert.Equal((0, ""), (run.ExitCode, run.Stderr));
        Assert.Equal(("GET", target), (server.Requests[0].Method, Assert.Single(server.Requests).Target));
        Assert.StartsWith("1 waiting\n\nID                STATE      TRIES ", run.Stdout, StringComparison.Ordinal);
        Assert.Matches(@"\nwhd_0123456789ab  failed +5 +\S+ +- +exec_1  http://h\.example/x\?\*\*\* +answered with status 500\n", run.Stdout);
        Assert.Matches(@"\nwhd_2 +queued +1 +\S+ +\d+d +exec_2  https://a\.example:8443/ +connection refused\n", run.Stdout);
        Assert.Matches(@"\nwhd_3 +delivered +1 +- +- +exec_3  http://b\.example/ \[31m +status 204\n", run.Stdout);
        Assert.Equal("whd_0123456789ab\nwhd_2\nwhd_3\n", (await CliRun.OfAsync([.. arguments, "-q"], server.SocketPath)).Stdout);
        Assert.Equal(3, (await CliRun.OfAsync([.. arguments, "-o", "json"], server.SocketPath)).Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task One_is_shown_with_its_tries_and_its_body_and_may_be_named_by_its_beginning()
    {
        await using FakeServer server = FakeServer.Answering(request => FakeServer.Reply(200, request.Path == "/admin/webhooks"
            ? All
            : $$$"""{{{{Failed}}},"tries":[{"attempt":1,"started_at":"2026-01-05T09:00:00.000Z","ended_at":"2026-01-05T09:00:00.012Z","status":500,"error":"answered with status 500"},{"attempt":2,"started_at":"2026-01-05T09:00:00.500Z"}],"body":"{\"status\":\"err\"}"}"""));

        CliRun run = await CliRun.OfAsync(["webhooks", "show", "0123"], server.SocketPath);

        Assert.Equal("/admin/webhooks/whd_0123456789ab", server.Requests[^1].Target);
        Assert.Equal(
            """
            delivery  whd_0123456789ab
            state     failed
            to        http://h.example/x?***
            exec      exec_1
            sandbox   sbx_1
            session   sid_1
            queued    2026-01-05T09:00:00.000Z
            over      2026-01-05T09:00:16.000Z

            TRY  BEGUN                      TOOK  STATUS  ERROR
              1  2026-01-05T09:00:00.000Z  12 ms     500  answered with status 500
              2  2026-01-05T09:00:00.500Z      -       -  -

            body
              {"status":"err"}

            """,
            run.Stdout);
        CliRun none = await CliRun.OfAsync(["webhooks", "show", "x"], server.SocketPath);
        Assert.Equal((1, "sleighctl: no delivery has the id or name 'x'\n  sleighctl webhooks shows them\n"), (none.ExitCode, none.Stderr));
        Assert.Contains("'whd_' fits 3 deliveries: ", (await CliRun.OfAsync(["webhooks", "show", "whd_"], server.SocketPath)).Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_one_is_queued_again_and_a_refusal_is_shown()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path.Contains("whd_0123456789ab", StringComparison.Ordinal)
            ? FakeServer.Reply(200, $"{{{Failed}}}")
            : FakeServer.Reply(400, """{"error":"bad request: webhook delivery whd_0123456789cd is queued; only one that has failed is sent again","code":"invalid_argument"}"""));

        CliRun done = await CliRun.OfAsync(["webhooks", "retry", "whd_0123456789ab"], server.SocketPath);
        CliRun refused = await CliRun.OfAsync(["webhooks", "retry", "whd_0123456789cd"], server.SocketPath);

        Assert.Equal((0, "whd_0123456789ab is queued again\n", ""), (done.ExitCode, done.Stdout, done.Stderr));
        Assert.Equal(("POST", "/admin/webhooks/whd_0123456789ab/retry"), (server.Requests[0].Method, server.Requests[0].Target));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("only one that has failed is sent again", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_a_line_for_scripts()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """{"hmac_secret":"0123"}"""));

        Assert.Equal("0123\n", (await CliRun.OfAsync(["webhooks", "secret"], server.SocketPath)).Stdout);
        Assert.Equal("/admin/webhook-secret", Assert.Single(server.Requests).Target);
        Assert.Equal("0123\n", (await CliRun.OfAsync(["webhooks", "secret", "-q"], server.SocketPath)).Stdout);
    }

    [Theory]
    [InlineData("--limit is '0', must be 1 to 1000", "webhooks", "list", "--limit", "0")]
    [InlineData("--limit is 'x', must be 1 to 1000", "webhooks", "list", "--limit", "x")]
    [InlineData("Argument 'lost' not recognized", "webhooks", "list", "--state", "lost")]
    [InlineData("Required argument 'DELIVERY' missing", "webhooks", "retry")]
    public async Task A_mistyped_line_is_refused(string expected, params string[] arguments)
    {
        CliRun run = await CliRun.OfAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Stderr, StringComparison.Ordinal);
    }
}
