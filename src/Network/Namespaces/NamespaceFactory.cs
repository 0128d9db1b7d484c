using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using Sleigh.Network.Cni;
using Sleigh.Network.Nft;

namespace Sleigh.Network;

/// <summary>Makes namespaces that are connected to the router, and takes them away without a trace, from whatever step their making had come to.</summary>
internal sealed class NamespaceFactory
{
    private const string Loopback = "lo";

    private readonly NetworkOptions _options;
    private readonly NetworkNames _names;
    private readonly NamespaceFiles _files;
    private readonly Router _router;
    private readonly NftCommand _nft;
    private readonly CniRuntime _cni;

    public NamespaceFactory(NetworkOptions options, NetworkNames names, NamespaceFiles files, Router router, NftCommand nft)
    {
        (_options, _names, _files, _router, _nft) = (options, names, files, router, nft);
        _cni = new CniRuntime(options.PluginDirectory, router.Place);
    }

    private static CniNetwork LoopbackNetwork { get; } = new("sleigh-loopback", new JsonObject { ["type"] = "loopback" });

    private CniNetwork BridgeNetwork
    {
        get
        {
            // host-local gives the first free address after the one it gave last, so one that was given back is not in use again at once.
            JsonArray ranges = [(JsonNode)new JsonArray(new JsonObject { ["subnet"] = _options.Subnet.ToString() })];
            JsonArray routes = [(JsonNode)new JsonObject { ["dst"] = "0.0.0.0/0" }];
            if (_router.HasSix)
            {
                ranges.Add((JsonNode)new JsonArray(new JsonObject { ["subnet"] = _options.Subnet6.ToString() }));
                routes.Add((JsonNode)new JsonObject { ["dst"] = "::/0" });
            }

            return new CniNetwork(_names.Network, new JsonObject
            {
                ["type"] = "bridge",
                ["bridge"] = NetworkNames.Bridge,
                ["isGateway"] = true,
                ["mtu"] = _router.Mtu,
                ["ipam"] = new JsonObject { ["type"] = "host-local", ["dataDir"] = _files.Addresses, ["ranges"] = ranges, ["routes"] = routes },
            });
        }
    }

    /// <summary>For tests: told what was just done in making one, and may throw as if the process had died there.</summary>
    internal Action<string> Step { get; set; } = _ => { };

    /// <summary>Plugins that are called.</summary>
    public static IReadOnlyList<string> Plugins { get; } = ["loopback", "bridge", "host-local"];

    /// <summary>Makes one whose policy is in force before it could send anything. When it fails, nothing is left.</summary>
    /// <exception cref="CniException">A plugin failed.</exception>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task<SandboxNamespace> MakeAsync(EgressPolicy policy, CancellationToken cancellationToken)
    {
        NamespaceName name = NamespaceName.New();
        string path = _files.PathOf(name);
        NamespaceFiles.Touch(path);
        Step("file");
        try
        {
            if (_options.UserNamespace is null)
            {
                NetworkNamespace.CreateAt(path);
            }
            else
            {
                using SafeFileHandle users = await _options.UserNamespace(cancellationToken);
                using SafeFileHandle made = await UserNamespace.CreateNetworkAsync(users, cancellationToken);
                NetworkNamespace.MountAt(path, made);
            }

            Step("namespace");

            // Before the link is there: IPv6 addresses are used at once, or there are none at all, not even a link-local one.
            NetworkNamespace.WriteSetting(path, $"/proc/sys/net/ipv6/conf/default/{(_router.HasSix ? "dad_transmits" : "disable_ipv6")}", _router.HasSix ? "0" : "1");
            await _cni.AddAsync(LoopbackNetwork, new CniAttachment(name.ToString(), path, Loopback), cancellationToken);
            CniResult result = await _cni.AddAsync(BridgeNetwork, new CniAttachment(name.ToString(), path, NetworkNames.Inside), cancellationToken);
            Step("link");
            _files.PutResult(name, result);
            Step("result");
            SandboxAddresses addresses = AddressesIn(result, path);
            await HardenAsync(addresses, cancellationToken);
            Step("port");
            if (addresses.Six is not null)
            {
                // So nobody's advertisement can lead its packets astray.
                await _router.Place.ChangeAsync(
                    "ip", ["-6", "neighbour", "replace", addresses.Six.ToString(), "lladdr", addresses.Mac, "dev", NetworkNames.Bridge, "nud", "permanent"],
                    "", cancellationToken);
            }

            await _nft.ApplyAsync(SandboxRules.Add(_names, name, addresses, policy, _options.ConnectionsPerSandbox), cancellationToken);
            Step("rules");
            return new SandboxNamespace(name, path, addresses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            await TakeBackAsync(name);
            throw;
        }
    }

    /// <summary>One that an earlier run made; null where it is not whole.</summary>
    public SandboxNamespace? Find(NamespaceName name, Inventory found)
    {
        string path = _files.PathOf(name);
        if (!found.Chains.Contains(name.ToString()) || Known(name) is not CniResult result || !NetworkNamespace.IsMountedAt(path))
        {
            return null;
        }

        SandboxAddresses addresses = AddressesIn(result, path);
        return found.Ports.Contains(addresses.Port) ? new SandboxNamespace(name, path, addresses) : null;
    }

    /// <summary>Takes one away: rules, link, address, file. What is gone already is passed over.</summary>
    /// <param name="name">Which.</param>
    /// <param name="isBare">It has no maps of addresses that names have let through; false: whether it has is looked up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CniException">A plugin failed.</exception>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task DestroyAsync(NamespaceName name, bool isBare, CancellationToken cancellationToken)
    {
        string path = _files.PathOf(name);
        CniResult? result = Known(name);
        await RemoveRulesAsync(name, result, path, isBare, cancellationToken);
        ForgetConnections(result is null ? null : AddressesIn(result, path));
        await GiveBackAsync(name.ToString(), NetworkNamespace.IsMountedAt(path) ? path : null, result, cancellationToken);
        if (result is not null && AddressesIn(result, path).Six is IPAddress six)
        {
            await ForgetNeighbourAsync(six, cancellationToken);
        }

        _files.RemoveResult(name);
        NamespaceFiles.Remove(path);
    }

    /// <summary>Gives back what the plugins gave to a container id.</summary>
    public Task GiveBackAsync(string containerId, string? path, CniResult? result, CancellationToken cancellationToken) =>
        _cni.DelAsync(BridgeNetwork, new CniAttachment(containerId, path, NetworkNames.Inside), result, cancellationToken);

    /// <summary>Asks the plugins whether a namespace is as they left it.</summary>
    /// <exception cref="CniException">It is not.</exception>
    /// <exception cref="IOException">A plugin cannot be started, or nothing is known of the namespace.</exception>
    public async Task CheckAsync(NamespaceName name, CancellationToken cancellationToken)
    {
        CniResult result = _files.FindResult(name) ?? throw new IOException($"nothing is known of the namespace {name}");
        await _cni.CheckAsync(BridgeNetwork, new CniAttachment(name.ToString(), _files.PathOf(name), NetworkNames.Inside), result, cancellationToken);
    }

    /// <summary>The plugins that do not know the version of the specification in which they are called, or are missing; the text says which and what they know.</summary>
    public async Task<IReadOnlyList<string>> UnfitPluginsAsync(CancellationToken cancellationToken)
    {
        List<string> unfit = [];
        foreach (string plugin in Plugins)
        {
            try
            {
                IReadOnlyList<string> versions = await _cni.VersionsAsync(plugin, cancellationToken);
                if (!versions.Contains(CniNetwork.Version))
                {
                    unfit.Add($"{plugin} knows CNI {string.Join(", ", versions)} and not {CniNetwork.Version}");
                }
            }
            catch (IOException e)
            {
                unfit.Add(e.Message);
            }
        }

        return unfit;
    }

    internal static SandboxAddresses AddressesIn(CniResult result, string path)
    {
        CniInterface inside = result.Interfaces.FirstOrDefault(i => i.Sandbox == path)
            ?? throw new CniException("bridge", "ADD", 0, $"its answer has no interface in {path}");

        // The bridge, its end of the link, and the other end are told in this order.
        CniInterface port = result.Interfaces.FirstOrDefault(i => i.Sandbox is null && i.Name != NetworkNames.Bridge)
            ?? throw new CniException("bridge", "ADD", 0, "its answer has no end of the link outside the namespace");
        CniAddress four = result.Addresses.FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetwork)
            ?? throw new CniException("bridge", "ADD", 0, "its answer has no IPv4 address");
        return new SandboxAddresses(
            port.Name, inside.Mac, four.Address, result.Addresses.FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6)?.Address,
            four.Gateway ?? throw new CniException("bridge", "ADD", 0, "its answer has no gateway"));
    }

    // The bridge is told whose address is where and learns nothing from frames, so nobody claims a neighbour's.
    private async Task HardenAsync(SandboxAddresses addresses, CancellationToken cancellationToken) => await _router.Place.ChangeAsync(
        "bridge", ["-batch", "-"],
        $"link set dev {addresses.Port} learning off flood off\nfdb replace {addresses.Mac} dev {addresses.Port} master static\n", cancellationToken);

    // An answer from which the addresses cannot be read is as good as none.
    private CniResult? Known(NamespaceName name)
    {
        CniResult? result = _files.FindResult(name);
        try
        {
            _ = result is null ? null : AddressesIn(result, _files.PathOf(name));
            return result;
        }
        catch (CniException)
        {
            return null;
        }
    }

    private async Task RemoveRulesAsync(NamespaceName name, CniResult? result, string path, bool isBare, CancellationToken cancellationToken)
    {
        if (result is not null && isBare)
        {
            try
            {
                await _nft.ApplyAsync(SandboxRules.Remove(_names, name, AddressesIn(result, path)), cancellationToken);
                return;
            }
            catch (IOException)
            {
                // Some of it was not there. What is there is looked up below.
            }
        }

        Inventory found = await Inventory.TakeAsync(_nft, _names, cancellationToken);
        NftTransaction all = SandboxRules.Remove(_names, name, found);
        if (result is not null)
        {
            string port = AddressesIn(result, path).Port;
            found.RemovePortsBut(found.Ports.Where(p => p != port).ToHashSet(), _names.PortTable, all);
        }

        await _nft.ApplyAsync(all, cancellationToken);
    }

    // Nothing passes from its port any more, and nobody has its addresses yet: answers to what it has opened are not to come to whoever gets them next.
    private void ForgetConnections(SandboxAddresses? addresses)
    {
        try
        {
            foreach (IPAddress address in ((IPAddress?[])[addresses?.Four, addresses?.Six]).OfType<IPAddress>())
            {
                ConnectionTable.Forget(_files.Router, address);
            }
        }
        catch (IOException)
        {
            // There is no router, or the kernel has no list of them: they end with their time.
        }
    }

    private async Task ForgetNeighbourAsync(IPAddress six, CancellationToken cancellationToken)
    {
        try
        {
            await _router.Place.ChangeAsync("ip", ["-6", "neighbour", "delete", six.ToString(), "dev", NetworkNames.Bridge], "", cancellationToken);
        }
        catch (IOException)
        {
            // It was not there.
        }
    }

    private async Task TakeBackAsync(NamespaceName name)
    {
        try
        {
            await DestroyAsync(name, isBare: true, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its file stays, and the next start takes it away.
        }
    }
}
