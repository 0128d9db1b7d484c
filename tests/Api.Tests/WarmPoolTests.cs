using System.Net;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 29 and 30, and the administrator's view.</summary>
public sealed class WarmPoolTests
{
    private const string Before =
        """{"enabled":true,"target_size":2,"available":1,"image":"python:3.11-slim","memory_mb":256,"hits":5,"misses":1,"refill_total":7}""";

    [Fact]
    public async Task The_pool_is_shown_as_the_contract_has_it()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("GET", "/warm-pool");

        Assert.Equal((200, Before), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task A_pool_of_size_0_is_not_enabled()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Pool.Status = api.Pool.Status with { TargetSize = 0 };

        Assert.StartsWith("""{"enabled":false,"target_size":0,""", (await api.SendAsync("GET", "/warm-pool")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("not json")]
    public async Task A_refill_answers_with_the_pool_whatever_its_body_is(string? body)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/warm-pool/refill", body);

        Assert.Equal(
            (200, """{"enabled":true,"target_size":2,"available":2,"image":"python:3.11-slim","memory_mb":256,"hits":5,"misses":1,"refill_total":8}"""),
            (answer.Status, answer.Body));
    }

    [Fact]
    public async Task A_refill_without_memory_is_503_and_says_when_to_come_again()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Pool.Fail = new RuntimeException(ErrorKind.HostMemoryLow, "host memory available ratio 12.00% is below 15%; warm pool refill is blocked")
        {
            Details = new Dictionary<string, object> { ["available_ratio"] = 0.12 },
        };

        Answer answer = await api.SendAsync("POST", "/warm-pool/refill");

        answer.Is(503, "host_memory_low", "host memory available ratio 12.00% is below 15%; warm pool refill is blocked");
        Assert.Equal("10", answer.Headers["Retry-After"]);
        Assert.Equal(0.12, answer.Root.GetProperty("details").GetProperty("available_ratio").GetDouble());
    }

    [Theory]
    [InlineData("GET", "/warm-pool")]
    [InlineData("POST", "/warm-pool/refill")]
    public async Task Callers_are_those_of_the_host_or_have_the_key(string method, string path)
    {
        await using (TestApi open = await TestApi.StartAsync())
        {
            open.Peer = IPAddress.Parse("192.0.2.7");
            (await open.SendAsync(method, path)).Is(403, "admin_loopback_only");
            open.Socket = true;
            Assert.Equal(200, (await open.SendAsync(method, path)).Status);
        }

        await using TestApi keyed = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k" } });
        (await keyed.SendAsync(method, path, null, keyed.Token())).Is(401, "api_key_required");
        Assert.Equal(200, (await keyed.SendAsync(method, path, null, null, ("Authorization", "Bearer k"))).Status);
        keyed.Socket = true;
        Assert.Equal(200, (await keyed.SendAsync(method, path)).Status);
    }

    [Fact]
    public async Task The_other_method_is_not_allowed()
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync("POST", "/warm-pool")).Is(405, "method_not_allowed");
        (await api.SendAsync("GET", "/warm-pool/refill")).Is(405, "method_not_allowed");
    }

    [Fact]
    public async Task The_administrator_sees_what_demand_asks_for()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal(
            Before[..^1] + ""","target_now":3,"max_size":16,"making":1,"dropped":4}""",
            (await api.SendAsync("GET", "/admin/pool")).Body);
    }
}
