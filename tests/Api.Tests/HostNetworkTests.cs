using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>Network mode <c>host</c>: what is refused, and how.</summary>
public sealed class HostNetworkTests
{
    [Theory]
    [InlineData("\"host\"")]
    [InlineData("""{"mode":"host"}""")]
    [InlineData("""{"mode":"host","allow":[],"deny":[]}""")]
    public async Task The_hosts_network_is_had_only_where_the_operator_allows_it(string network)
    {
        await using TestApi closed = await TestApi.StartAsync();
        Answer refused = (await closed.SendAsync("POST", "/sandboxes", $$"""{"network":{{network}}}""", closed.Token())).Is(
            403, "host_network_not_allowed", "forbidden: network is 'host', which only the operator can allow, with the setting network.allow_host");
        Assert.Equal(("network", "host", "network.allow_host"), (refused.Detail("field"), refused.Detail("value"), refused.Detail("setting")));
        Assert.Equal(0, closed.Sandboxes.Creates);

        await using TestApi api = await TestApi.StartAsync(AllowsHost);
        api.Host.NetworkUnavailable = "there is no CNI plugin bridge";
        Answer made = await api.SendAsync("POST", "/sandboxes", $$"""{"network":{{network}}}""", api.Token());
        Assert.Equal((201, "host"), (made.Status, made.Root.GetProperty("network").GetString()));
        Assert.Equal((NetworkMode.Host, null), (api.Sandboxes.LastSpec!.Network, api.Sandboxes.LastSpec.Egress));
    }

    [Theory]
    [InlineData("""{"network":{"mode":"host","allow":["203.0.113.7"]}}""", "network.allow", "network.allow cannot be had with network.mode host: nothing holds back what a sandbox in the host's network sends")]
    [InlineData("""{"network":{"mode":"host","deny":["203.0.113.7"]}}""", "network.deny", "network.deny cannot be had with network.mode host: nothing holds back what a sandbox in the host's network sends")]
    [InlineData("""{"network":"HOST"}""", "network", "network must be one of: none, bridge, host")]
    public async Task There_is_no_policy_in_the_hosts_network(string body, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync(AllowsHost);

        Assert.Equal(field, (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Is(400, "invalid_argument", $"bad request: {error}").Detail("field"));
        Assert.Equal(0, api.Sandboxes.Creates);
    }

    [Theory]
    [InlineData("""{"network":"host","ports":[80]}""")]
    [InlineData("""{"ports":[80]}""")]
    public async Task There_are_no_ports_in_the_hosts_network(string body)
    {
        await using TestApi api = await TestApi.StartAsync(o => AllowsHost(o) with { Sandbox = o.Sandbox with { Network = NetworkMode.Host } });

        Answer answer = (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Is(
            400, "unsupported_on_host",
            "bad request: ports cannot be declared with network host: a sandbox there has no ports of its own; call its server at the host's address");
        Assert.Equal("ports", answer.Detail("field"));
        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", """{"network":"none","ports":[80]}""", api.Token())).Status);
    }

    [Fact]
    public async Task A_sandbox_that_is_there_cannot_be_moved_into_the_hosts_network()
    {
        await using TestApi api = await TestApi.StartAsync(AllowsHost);
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = (await api.SendAsync("PUT", $"/sandboxes/{sandbox}/network", """{"mode":"host"}""", token)).Is(
            400, "invalid_argument", "bad request: mode is 'host': a container cannot change its network; make a sandbox with network host");
        Assert.Equal("mode", answer.Detail("field"));
    }

    private static SleighOptions AllowsHost(SleighOptions options) => options with { Network = options.Network with { AllowHost = true } };
}
