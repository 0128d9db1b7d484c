using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 15, <c>webhook_url</c> of endpoint 12, and <c>/admin/webhooks</c>.</summary>
public sealed class WebhookTests
{
    private const string Path = "/webhooks/exec/subscribe";
    private const string NeedAll = "sandbox_id, exec_id and webhook_url are required";

    [Fact]
    public async Task A_subscription_is_answered_byte_for_byte_and_a_second_one_is_ignored()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string running = await StartAsync(api, token, sandbox, "sleep");
        string ended = await StartAsync(api, token, sandbox, "true");

        Answer first = await SubscribeAsync(api, token, sandbox, running, " http://127.0.0.1:9000/h?k=1 ");
        Answer second = await SubscribeAsync(api, token, sandbox, running, "http://127.0.0.1:9000/h?k=1");
        Answer late = await SubscribeAsync(api, token, sandbox, ended, "HTTPS://Host.example/h");

        Assert.Equal(
            (201, $$"""{"status":"ok","created":true,"duplicate_ignored":false,"delivered_immediately":false,"exec_status":"running","sandbox_id":"{{sandbox}}","exec_id":"{{running}}","webhook_url":"http://127.0.0.1:9000/h?k=1"}"""),
            (first.Status, first.Body));
        Assert.Equal(
            (201, $$"""{"status":"ok","created":false,"duplicate_ignored":true,"delivered_immediately":false,"exec_status":"running","sandbox_id":"{{sandbox}}","exec_id":"{{running}}","webhook_url":"http://127.0.0.1:9000/h?k=1"}"""),
            (second.Status, second.Body));
        Assert.Equal(
            (201, $$"""{"status":"ok","created":true,"duplicate_ignored":false,"delivered_immediately":true,"exec_status":"succeeded","sandbox_id":"{{sandbox}}","exec_id":"{{ended}}","webhook_url":"HTTPS://Host.example/h"}"""),
            (late.Status, late.Body));
    }

    [Theory]
    [InlineData("""{}""", "sandbox_id")]
    [InlineData("""{"sandbox_id":" ","exec_id":"e","webhook_url":"u"}""", "sandbox_id")]
    [InlineData("""{"sandbox_id":"sbx_00000000ffff","webhook_url":"u"}""", "exec_id")]
    [InlineData("""{"sandbox_id":"sbx_00000000ffff","exec_id":"exec_00000000ffff","webhook_url":""}""", "webhook_url")]
    public async Task What_is_missing_is_said_before_anything_is_looked_up(string body, string field)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = (await api.SendAsync("POST", Path, body, api.Token())).Is(400, "bad_request", NeedAll);

        Assert.Equal(field, answer.Detail("field"));
    }

    [Fact]
    public async Task Checks_come_in_the_order_of_the_contract()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        (string other, string foreign) = await api.SandboxAsync();
        string exec = await StartAsync(api, token, sandbox, "sleep");
        const string none = "exec_00000000ffff";

        (await api.SendAsync("POST", Path, null, token)).Is(400, "empty_body");
        (await api.SendAsync("POST", Path, """{"sandbox_id":1}""")).Is(400, "invalid_json", "invalid json: field sandbox_id must be a string");
        (await SubscribeAsync(api, null, "sbx_00000000ffff", none, "x")).Is(400, "session_token_required");
        (await SubscribeAsync(api, "sess_ffffffffffffffffffffffffffffffff", "sbx_00000000ffff", none, "x")).Is(401, "unauthenticated");
        (await SubscribeAsync(api, token, "sbx_00000000ffff", none, "x")).Is(404, "not_found", "resource not found: sandbox sbx_00000000ffff");
        (await SubscribeAsync(api, token, foreign, none, "x")).Is(403, "forbidden", $"forbidden: {foreign} belongs to another session");
        (await SubscribeAsync(api, token, sandbox, none, "x")).Is(404, "not_found", $"resource not found: exec {none}");
        (await SubscribeAsync(api, other, foreign, exec, "x")).Is(404, "not_found", $"resource not found: exec {exec}");
        (await SubscribeAsync(api, token, sandbox, exec, "x")).Is(400, "invalid_webhook_url", "bad request: webhook_url must be an absolute http or https URL");
    }

    [Theory]
    [InlineData("ftp://h/")]
    [InlineData("/h")]
    [InlineData("http:///h")]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript:alert(1)")]
    public async Task Only_absolute_http_URLs_are_taken(string url)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string exec = await StartAsync(api, token, sandbox, "sleep");

        (await SubscribeAsync(api, token, sandbox, exec, url)).Is(400, "invalid_webhook_url", "bad request: webhook_url must be an absolute http or https URL");
        Answer started = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"command":"true","webhook_url":"{{url}}"}""", token);
        Assert.Equal(202, started.Status);
        Assert.Null(api.Execs.LastSpec!.Webhook);
        Assert.Equal(
            """{"error":"bad request: webhook_url must be an absolute http or https URL"}""", started.Root.GetProperty("webhook_subscription").GetRawText());
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest", "169.254.169.254")]
    [InlineData("http://[::ffff:169.254.0.1]/", "::ffff:169.254.0.1")]
    [InlineData("http://0.0.0.0:80/", "0.0.0.0")]
    [InlineData("http://[fe80::1]/", "fe80::1")]
    [InlineData("http://2852039166/", "169.254.169.254")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/", "64:ff9b::a9fe:a9fe")]
    [InlineData("http://[2002:a9fe:a9fe::1]/", "2002:a9fe:a9fe::1")]
    public async Task A_literal_address_of_a_blocked_network_is_refused(string url, string shown)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string exec = await StartAsync(api, token, sandbox, "sleep");

        (await SubscribeAsync(api, token, sandbox, exec, url)).Is(
            400, "webhook_url_blocked", $"bad request: webhook_url leads to {shown}, which lies in a blocked network");
    }

    [Fact]
    public async Task A_URL_has_a_longest_length()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string exec = await StartAsync(api, token, sandbox, "sleep");
        string longest = "http://h/" + new string('a', 4096 - "http://h/".Length);

        Assert.Equal(201, (await SubscribeAsync(api, token, sandbox, exec, longest)).Status);
        (await SubscribeAsync(api, token, sandbox, exec, longest + "a")).Is(
            400, "invalid_webhook_url", "bad request: webhook_url may be at most 4096 characters long");
    }

    [Fact]
    public async Task A_command_with_a_webhook_is_subscribed_before_it_starts_and_says_so()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer waited = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true","wait":true,"webhook_url":" http://h.example/x "}""", token);

        Assert.Equal("http://h.example/x", api.Execs.LastSpec!.Webhook!.Url.AbsoluteUri);
        Assert.Equal((200, "succeeded"), (waited.Status, waited.Text("status")));
        Assert.Equal("""{"created":true,"exec_status":"running"}""", waited.Root.GetProperty("webhook_subscription").GetRawText());
        Assert.Equal(["webhook_subscription", "stdout_bytes", "stderr_bytes", "stdout", "stderr"], waited.Names[^5..]);
    }

    [Fact]
    public async Task The_administrator_sees_deliveries_without_what_may_be_secret()
    {
        await using TestApi api = await TestApi.StartAsync();
        WebhookDelivery failed = Delivery(WebhookState.Failed) with { LastStatus = 500, LastError = "answered with status 500", Completed = DateTimeOffset.UnixEpoch.AddSeconds(9) };
        WebhookDelivery waits = Delivery(WebhookState.Queued) with { Attempts = 0, Next = DateTimeOffset.UnixEpoch.AddSeconds(1.5) };
        api.Webhooks.Logs.Add(new WebhookLog(
            failed,
            [new WebhookTry(1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMilliseconds(12), 500, "answered with status 500"), new WebhookTry(2, DateTimeOffset.UnixEpoch, null, null, null)],
            "{}"));
        api.Webhooks.Logs.Add(new WebhookLog(waits, [], "{}"));
        api.Socket = true;
        string row = $$"""
            {"delivery_id":"{{failed.Id}}","session_id":"sid_000000000001","sandbox_id":"sbx_000000000001","exec_id":"exec_000000000001","webhook_url":"http://h.example:81/p?***","state":"failed","attempts":5,"last_status":500,"last_error":"answered with status 500","created_at":"1970-01-01T00:00:00.000Z","completed_at":"1970-01-01T00:00:09.000Z"
            """;

        Assert.Equal($$"""{"queued":1,"items":[{{row}}}]}""", (await api.SendAsync("GET", "/admin/webhooks?state=failed&limit=5")).Body);
        Answer all = await api.SendAsync("GET", "/admin/webhooks");
        Assert.Equal(2, all.Root.GetProperty("items").GetArrayLength());
        Assert.Equal("1970-01-01T00:00:01.500Z", all.Root.GetProperty("items")[1].GetProperty("next_try_at").GetString());
        Assert.Equal(
            $$"""{{row}},"tries":[{"attempt":1,"started_at":"1970-01-01T00:00:00.000Z","ended_at":"1970-01-01T00:00:00.012Z","status":500,"error":"answered with status 500"},{"attempt":2,"started_at":"1970-01-01T00:00:00.000Z"}],"body":"{}"}""",
            (await api.SendAsync("GET", $"/admin/webhooks/{failed.Id}")).Body);
        Assert.Equal($$"""{{row}}}""", (await api.SendAsync("POST", $"/admin/webhooks/{failed.Id}/retry")).Body);
        Assert.Equal([failed.Id], api.Webhooks.Retried);
        Assert.Equal("""{"hmac_secret":"0123"}""", (await api.SendAsync("GET", "/admin/webhook-secret")).Body);
        (await api.SendAsync("GET", "/admin/webhooks?state=lost")).Is(400, "invalid_argument", "bad request: state must be one of: queued, delivered, failed");
        (await api.SendAsync("GET", "/admin/webhooks?limit=0")).Is(400, "invalid_argument", "bad request: limit must be 1 to 1000");
        (await api.SendAsync("GET", "/admin/webhooks/whd_00000000ffff")).Is(404, "not_found", "resource not found: webhook delivery whd_00000000ffff");
        (await api.SendAsync("POST", "/admin/webhooks/x/retry")).Is(404, "not_found", "resource not found: webhook delivery x");
    }

    [Theory]
    [InlineData("GET", "/admin/webhooks")]
    [InlineData("GET", "/admin/webhook-secret")]
    [InlineData("GET", "/admin/webhooks/whd_00000000abcd")]
    [InlineData("POST", "/admin/webhooks/whd_00000000abcd/retry")]
    public async Task Over_TCP_the_queue_does_not_exist(string method, string path)
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync(method, path, null, api.Token())).Is(404, "route_not_found");
    }

    private static WebhookDelivery Delivery(WebhookState state) => new()
    {
        Id = WebhookDeliveryId.New(), Session = SessionId.Parse("sid_000000000001"), Sandbox = SandboxId.Parse("sbx_000000000001"),
        Exec = ExecId.Parse("exec_000000000001"), Url = "http://user:pass@h.example:81/p?key=secret", State = state, Attempts = 5,
        Created = DateTimeOffset.UnixEpoch,
    };

    private static async Task<string> StartAsync(TestApi api, string token, string sandbox, string command) =>
        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"command":"{{command}}"}""", token)).Text("id");

    private static Task<Answer> SubscribeAsync(TestApi api, string? token, string sandbox, string exec, string url) =>
        api.SendAsync("POST", Path, $$"""{"sandbox_id":"{{sandbox}}","exec_id":"{{exec}}","webhook_url":"{{url}}"}""", token);
}
