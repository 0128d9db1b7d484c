using System.Diagnostics;
using System.Net;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Telemetry;

/// <summary>The span of a request: named by its pattern, with ids, and with nothing that a caller has to hide.</summary>
public sealed class RequestSpanTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Parent = $"00-{Trace}-b7ad6b7169203331-01";

    [Fact]
    public async Task A_request_is_a_span_with_pattern_status_and_ids()
    {
        using SpanRecorder spans = new();
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token);
        string id = exec.Text("id");

        await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}?session_token={token}", null, null, ("X-Request-Id", "span-1"));

        Activity span = Assert.Single(spans.Of("span-1"));
        Assert.Equal(("GET /sandboxes/{id}/exec/{execId}", ActivityKind.Server, ActivityStatusCode.Unset), (span.DisplayName, span.Kind, span.Status));
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["sleigh.operation"] = "read",
                ["http.request.method"] = "GET",
                ["http.route"] = "/sandboxes/{id}/exec/{execId}",
                ["sleigh.request_id"] = "span-1",
                ["sleigh.session_id"] = api.Sessions.Authenticate(token)!.Id.ToString(),
                ["sleigh.sandbox_id"] = sandbox,
                ["sleigh.exec_id"] = id,
                ["http.response.status_code"] = 200,
            },
            span.TagObjects.ToDictionary(t => t.Key, t => t.Value));
        Assert.Equal(default, span.ParentSpanId);
    }

    [Fact]
    public async Task An_error_has_its_code_and_one_of_ours_marks_the_span()
    {
        using SpanRecorder spans = new();
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        await api.SendAsync("GET", "/sandboxes/sbx_000000000000", null, token, ("X-Request-Id", "span-2"));
        api.Sandboxes.Fail = new RuntimeException(ErrorKind.SandboxStartFailed, "sentence with a secret");
        await api.SendAsync("POST", "/sandboxes", "{}", token, ("X-Request-Id", "span-3"));

        Activity theirs = Assert.Single(spans.Of("span-2"));
        Activity ours = Assert.Single(spans.Of("span-3"));
        Assert.Equal(("not_found", ActivityStatusCode.Unset), (theirs.GetTagItem("sleigh.code"), theirs.Status));
        Assert.Equal(
            ("sandbox_start_failed", "sandbox_start_failed", ActivityStatusCode.Error, (string?)null),
            (ours.GetTagItem("sleigh.code"), ours.GetTagItem("error.type"), ours.Status, ours.StatusDescription));
    }

    [Fact]
    public async Task Who_is_trusted_may_say_which_trace_it_belongs_to_and_nobody_else()
    {
        using SpanRecorder spans = new();
        await using (TestApi api = await TestApi.StartAsync())
        {
            string token = api.Token();
            await AskAsync(api, token, "span-local");
            api.Socket = true;
            await AskAsync(api, token, "span-socket");
            api.Socket = null;
            api.Peer = IPAddress.Parse("192.0.2.7");
            await AskAsync(api, token, "span-far");
        }

        await using TestApi keyed = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k3y" } });
        string other = keyed.Token();
        await AskAsync(keyed, other, "span-without");
        await AskAsync(keyed, other, "span-key", ("Authorization", "Bearer k3y"));

        Assert.Equal((Trace, "b7ad6b7169203331"), Ids("span-local"));
        Assert.Equal((Trace, "b7ad6b7169203331"), Ids("span-socket"));
        Assert.Equal((Trace, "b7ad6b7169203331"), Ids("span-key"));
        Assert.NotEqual(Trace, Ids("span-far").Trace);
        Assert.NotEqual(Trace, Ids("span-without").Trace);
        Assert.Equal("0000000000000000", Ids("span-far").Parent);

        (string Trace, string Parent) Ids(string request) =>
            Assert.Single(spans.Of(request)) is var span ? (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString()) : default;
    }

    [Fact]
    public async Task A_malformed_traceparent_begins_a_trace_of_our_own()
    {
        using SpanRecorder spans = new();
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        foreach ((int i, string sent) in ((string[])["x", $"00-{Trace}-b7ad6b7169203331", $"00-{new string('0', 32)}-b7ad6b7169203331-01", $"00-{Trace}-{new string('0', 16)}-01"]).Index())
        {
            Assert.Equal(200, (await api.SendAsync("GET", "/sandboxes", null, token, ("X-Request-Id", $"span-bad-{i}"), ("traceparent", sent))).Status);
            Assert.Equal("0000000000000000", Assert.Single(spans.Of($"span-bad-{i}")).ParentSpanId.ToHexString());
        }
    }

    [Fact]
    public async Task Nothing_that_a_caller_sends_is_in_a_span_but_the_request_id()
    {
        using SpanRecorder spans = new();
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        const string mark = "s3cr3t-mark";
        await api.SendAsync(
            "POST", $"/sandboxes/{sandbox}/exec?session_token={token}&q={mark}",
            $$"""{"command":"echo {{mark}}","env":{"MARK":"{{mark}}"},"cwd":"/{{mark}}","user":"{{mark}}","stdin":"{{mark}}"}""",
            null, ("X-Request-Id", "span-4"), ("User-Agent", mark), ("Authorization", $"Bearer {mark}"), ("Idempotency-Key", mark));
        await api.SendAsync("GET", $"/sessions/{token}", null, token, ("X-Request-Id", token));

        Activity exec = Assert.Single(spans.Of("span-4"));
        Activity session = Assert.Single(spans.Of("sess_***"));
        foreach (Activity span in (Activity[])[exec, session])
        {
            string all = $"{span.DisplayName} {span.StatusDescription} {span.TraceStateString} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Baggage)} {string.Join(' ', span.Events)}";
            Assert.DoesNotContain(mark, all, StringComparison.Ordinal);
            Assert.DoesNotContain(token, all, StringComparison.Ordinal);
        }

        Assert.Equal("GET /sessions/{sessionId}", session.DisplayName);
    }

    [Fact]
    public async Task What_only_looks_at_the_daemon_is_no_operation()
    {
        using SpanRecorder spans = new();
        await using TestApi api = await TestApi.StartAsync();
        foreach (string path in (string[])["/healthz", "/readyz", "/openapi.json", "/docs", "/metrics", "/nowhere"])
        {
            await api.SendAsync("GET", path, null, null, ("X-Request-Id", "span-5"));
        }

        Assert.Empty(spans.Of("span-5"));
    }

    [Fact]
    public async Task One_that_the_sampler_leaves_out_is_not_described()
    {
        using SpanRecorder spans = new((ref _) => ActivitySamplingResult.None);
        await using TestApi api = await TestApi.StartAsync();

        Assert.Equal(200, (await api.SendAsync("GET", "/sandboxes", null, api.Token(), ("X-Request-Id", "span-6"))).Status);
        Assert.Empty(spans.Of("span-6"));
    }

    private static Task<Answer> AskAsync(TestApi api, string token, string requestId, params (string, string)[] more) =>
        api.SendAsync("GET", "/sandboxes", null, token, [("Host", "localhost"), ("X-Request-Id", requestId), ("traceparent", Parent), .. more]);
}
