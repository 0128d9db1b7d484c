using Sleigh.Api.Metrics;

namespace Sleigh.Api.Tests.Metrics;

/// <summary>Requests in <c>/metrics</c>.</summary>
public sealed class RequestMetersTests
{
    [Fact]
    public async Task A_request_is_counted_by_its_pattern_method_and_status()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        await api.SendAsync("GET", $"/sandboxes/{sandbox}?session_token={token}");
        await api.SendAsync("HEAD", $"/sandboxes/{sandbox}", null, token);
        await api.SendAsync("GET", "/sandboxes/sbx_000000000000", null, token);
        await api.SendAsync("PUT", "/sandboxes", "{}", token);

        Answer answer = await api.SendAsync("GET", "/metrics");

        ParsedMetrics metrics = new(answer.Body);
        Assert.Equal(1, Requests(metrics, "/sandboxes", "POST", 201));
        Assert.Equal(1, Requests(metrics, "/sandboxes/{id}", "GET", 200));
        Assert.Equal(1, Requests(metrics, "/sandboxes/{id}", "HEAD", 200));
        Assert.Equal(1, Requests(metrics, "/sandboxes/{id}", "GET", 404));
        Assert.Equal(1, Requests(metrics, "/sandboxes", "PUT", 405));
        Assert.Equal(1, metrics["sleigh_http_request_seconds_count{route=\"/sandboxes\",method=\"POST\",status=\"201\"}"]);
        foreach (string secret in (string[])[token, sandbox, "sess_", "sbx_", "sid_", "?"])
        {
            Assert.DoesNotContain(secret, answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_caller_can_make_up_a_series()
    {
        await using TestApi api = await TestApi.StartAsync();
        await api.SendAsync("GET", "/metrics");
        int before = new ParsedMetrics((await api.SendAsync("GET", "/metrics")).Body).Series.Count(s => s.StartsWith("sleigh_http_requests_total", StringComparison.Ordinal));
        for (int i = 0; i < 50; i++)
        {
            await api.SendAsync($"M{i}", "/healthz");
            await api.SendAsync("GET", $"/made-up/{i}");
            await api.SendAsync("GET", "/healthz", null, null, ("Host", $"h{i}.example"));
        }

        ParsedMetrics metrics = new((await api.SendAsync("GET", "/metrics")).Body);

        Assert.Equal(50, Requests(metrics, "/healthz", "other", 405));
        Assert.Equal(50, Requests(metrics, "none", "GET", 404));
        Assert.Equal(50, Requests(metrics, "none", "GET", 403));
        Assert.Equal(before + 3, metrics.Series.Count(s => s.StartsWith("sleigh_http_requests_total", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Two_daemons_in_one_process_count_their_own_requests()
    {
        await using TestApi one = await TestApi.StartAsync();
        await using TestApi other = await TestApi.StartAsync();
        await one.SendAsync("GET", "/healthz");

        Assert.Equal(1, Requests(new ParsedMetrics((await one.SendAsync("GET", "/metrics")).Body), "/healthz", "GET", 200));
        Assert.DoesNotContain("healthz", (await other.SendAsync("GET", "/metrics")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_of_a_kind_that_was_counted_before_allocates_nothing()
    {
        object owner = new();
        using RequestMeters meters = new(owner);
        using MeterTotals totals = new(owner);
        meters.Answered("/sandboxes/{id}", "GET", 200, TimeSpan.FromMilliseconds(3));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
        {
            meters.Answered("/sandboxes/{id}", "GET", 200, TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void An_instrument_with_more_tags_than_are_kept_is_refused() => Assert.Throws<ArgumentException>(() => TagValues.Of(
        [new("a", "1"), new("b", "2"), new("c", "3"), new("d", "4")]));

    private static double Requests(ParsedMetrics metrics, string route, string method, int status) =>
        metrics[$"sleigh_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"];
}
