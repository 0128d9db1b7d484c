namespace Sleigh.Api.Tests;

/// <summary>Destinations that only the operator can open.</summary>
public sealed class ClosedDestinationTests
{
    [Fact]
    public async Task A_policy_cannot_allow_what_is_the_hosts()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Host.Closed = rule => rule.Ports is null ? null : "lies in 203.0.113.0/24, a network at this host";
        const string Why = "203.0.113.7:443 lies in 203.0.113.0/24, a network at this host, which only the operator can open, with the setting network.reachable";
        (string token, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync("POST", "/sandboxes", """{"network":{"mode":"restricted","allow":["198.51.100.1","203.0.113.7:443"]}}""", token))
            .Is(400, "invalid_argument", $"bad request: network.allow[1] {Why}");
        (await api.SendAsync("PUT", $"/sandboxes/{sandbox}/network", """{"mode":"restricted","allow":["203.0.113.7:443"]}""", token))
            .Is(400, "invalid_argument", $"bad request: allow[0] {Why}");
        Assert.Equal(200, (await api.SendAsync("PUT", $"/sandboxes/{sandbox}/network", """{"mode":"restricted","allow":["203.0.113.7"]}""", token)).Status);
    }
}
