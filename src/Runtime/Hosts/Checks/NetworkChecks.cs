using Sleigh.Network;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Checks;

/// <summary>Whether sandboxes can be connected to a network, whether the host forwards what they send, and whether they may be in its own.</summary>
internal sealed class NetworkChecks(SleighOptions options)
{
    private const string Install = "apt install containernetworking-plugins nftables iproute2";

    private bool IsWanted => options.Sandbox.Network == NetworkMode.Bridge;

    public IEnumerable<HostCheck> List() =>
    [
        new("network", async token => Network(await SandboxNetwork.MissingAsync(SandboxNetworks.NetworkFor(options, new string('0', 16)), token), IsWanted)),
        new("forwarding", () => Forwarding(
            HostText.Of("/proc/sys/net/ipv4/ip_forward"), HostText.Of("/proc/sys/net/ipv6/conf/all/forwarding"), options.Network.Forwarding, IsWanted)),
        new("host network", async token => HostNetwork(options.Network.AllowHost, await HaveUsersOfTheirOwnAsync(token))),
        new("firewall", async token => Firewall(await SandboxNetwork.ClosingChainsAsync(SandboxNetworks.NetworkFor(options, new string('0', 16)), token))),
    ];

    internal static Finding Firewall(IReadOnlyList<ClosingChain> chains) => chains.Count == 0
        ? Finding.Ok("no chain of another firewall closes the way of sandboxes' packets")
        : Finding.Warn(
            "sandboxes on a network reach nothing: forwarded packets are dropped by " + string.Join(", ", chains.Select(c => $"table {c.Family} {c.Table} chain {c.Name}")),
            string.Join("; ", chains.Select(c => c.Remedy)));

    internal static Finding Network(IReadOnlyList<string> missing, bool isWanted) =>
        missing.Count == 0 ? Finding.Ok("nft, ip, nsenter and CNI plugins: sandboxes can be connected")
        : isWanted ? Finding.Fail($"sandbox.network is bridge, but {string.Join("; ", missing)}", Install)
        : Finding.Warn($"sandboxes can have no network but loopback: {string.Join("; ", missing)}", Install);

    /// <summary>Whether sandboxes may be in the host's own network, and what that lets them do.</summary>
    internal static Finding HostNetwork(bool isAllowed, bool haveUsersOfTheirOwn) => !isAllowed
        ? Finding.Ok("no sandbox can be made in the host's network")
        : Finding.Warn(
            "sandboxes can be made in the host's network: no policy holds what they send, and they reach what listens on loopback and at abstract sockets"
            + (haveUsersOfTheirOwn ? "" : ", to which their root is user 0; sandbox.user_namespace: true makes it an ordinary user"),
            "set network.allow_host to false, then sleighctl config reload");

    private async Task<bool> HaveUsersOfTheirOwnAsync(CancellationToken cancellationToken) => options.Sandbox.UserNamespace switch
    {
        UserNamespaceUse.Auto => await SandboxUsers.LacksAsync(options, cancellationToken) is null,
        var use => use == UserNamespaceUse.True,
    };

    internal static Finding Forwarding(string? four, string? six, bool isAllowed, bool isWanted)
    {
        string seen6 = six?.Trim() == "1" ? "IPv6 is forwarded" : "IPv6 is not forwarded, so sandboxes have IPv4 only";
        return four?.Trim() == "1" ? Finding.Ok($"IPv4 is forwarded, {seen6}")
            : isAllowed ? Finding.Ok($"IPv4 is not forwarded; sleighd switches it on for single interfaces when sandboxes need it; {seen6}")
            : isWanted ? Finding.Warn($"IPv4 is not forwarded, and network.forwarding is false; {seen6}", "sysctl -w net.ipv4.ip_forward=1")
            : Finding.Ok($"IPv4 is not forwarded; {seen6}");
    }
}
