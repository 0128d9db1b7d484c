using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sleigh.Linux;
using Sleigh.Network.Nft;

namespace Sleigh.Network;

/// <summary>
/// The namespace between the sandboxes and the host. The sandboxes' bridge, all rules about them and the switch of forwarding are in it, so nothing
/// of the host's is touched but one link, one table and, where needed, the forwarding of single interfaces.
/// </summary>
internal sealed class Router
{
    private readonly NetworkOptions _options;
    private readonly NetworkNames _names;
    private readonly NamespaceFiles _files;
    private readonly NftCommand _hostNft;
    private readonly NftCommand _nft;
    private readonly NetworkPlace _host;
    private readonly HostForwarding _forwarding;

    public Router(NetworkOptions options, NetworkNames names, NamespaceFiles files, NetworkPlace host, NftCommand hostNft, NetworkPlace place, NftCommand nft)
    {
        (_options, _names, _files, _host, _hostNft, Place, _nft) = (options, names, files, host, hostNft, place, nft);
        _forwarding = new HostForwarding(host, files.Forwarding);
    }

    /// <summary>The router's namespace.</summary>
    public NetworkPlace Place { get; }

    /// <summary>Whether sandboxes get IPv6 addresses.</summary>
    public bool HasSix { get; private set; }

    /// <summary>The largest packet of the sandboxes' links.</summary>
    public int Mtu { get; private set; }

    /// <summary>Whether the host forwards what the sandboxes send.</summary>
    public bool Forwards { get; private set; }

    /// <summary>Addresses that no name opens.</summary>
    public ClosedAddresses Closed { get; private set; } = new([], [], []);

    /// <summary>Makes what is missing and puts the rules in force. Rules come before links, and sandboxes that are connected stay so.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        _files.Prepare();
        NamespaceFiles.Touch(_files.Router);
        if (!NetworkNamespace.IsMountedAt(_files.Router))
        {
            NetworkNamespace.CreateAt(_files.Router);
        }

        HostLook look = await HostLook.TakeAsync(_host, cancellationToken);
        Close(look);
        HasSix = look.Ways6.Count > 0 && _forwarding.IsOn6;
        Mtu = look.Mtu;
        IPNetwork uplink = ChooseUplink(look);
        await _nft.ApplyAsync(RouterRules.OpenedSets(_names.Table), cancellationToken);
        await _nft.ApplyAsync(
            RouterRules.Base(_names, _options.Reachable, look.AddressesBut(_names.HostUplink), look.Networks, _options.ConnectionsPerSandbox), cancellationToken);
        WriteSettings();
        await GuardHostAsync(uplink, [], cancellationToken);
        await LinkAsync(look, uplink, cancellationToken);
        await ForwardAsync(look, uplink, cancellationToken);
    }

    /// <summary>Follows changes of the host's addresses and ways out, and puts the table on the host in force again, whoever has flushed it.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        HostLook look = await HostLook.TakeAsync(_host, cancellationToken);
        Close(look);
        NftTransaction all = new();
        RouterRules.PutHost(all, _names.Table, look.AddressesBut(_names.HostUplink), look.Networks);
        await _nft.ApplyAsync(all, cancellationToken);
        await ForwardAsync(look, ChooseUplink(look), cancellationToken);
    }

    /// <summary>Takes all away that <see cref="EnsureAsync"/> made, on the host too. Nothing may be connected any more.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        _forwarding.TakeBack();
        if ((await HostLook.TakeAsync(_host, cancellationToken)).Interfaces.Any(i => i.Name == _names.HostUplink))
        {
            await _host.ChangeAsync("ip", ["link", "delete", _names.HostUplink], "", cancellationToken);
        }

        // Added first, so that one that is not there is no error.
        NftTransaction all = new();
        all.AddTable(_names.Table);
        all.DeleteTable(_names.Table);
        await _hostNft.ApplyAsync(all, cancellationToken);
        NamespaceFiles.Remove(_files.Router);
    }

    private void Close(HostLook look) =>
        Closed = new ClosedAddresses(_options.Reachable, look.AddressesBut(_names.HostUplink), [.. look.Networks, _options.Subnet, _options.Subnet6]);

    private IPNetwork ChooseUplink(HostLook look)
    {
        if (look.Interfaces.FirstOrDefault(i => i.Name == _names.HostUplink) is HostInterface old
            && old.Addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) is IPAddress address)
        {
            byte[] bytes = address.GetAddressBytes();
            bytes[3] &= 0xFC;
            return new IPNetwork(new IPAddress(bytes), 30);
        }

        IReadOnlyList<IPAddress> taken = look.AddressesBut(_names.HostUplink);
        return Enumerable.Range(0, 1 << 12).Select(_names.UplinkNetwork).First(network => !taken.Any(network.Contains));
    }

    private void WriteSettings()
    {
        Place.WriteSetting("ipv4/ip_forward", "1");
        Place.WriteSetting("ipv6/conf/all/forwarding", HasSix ? "1" : "0");
        Place.WriteSetting("ipv6/conf/default/dad_transmits", "0");
        Place.WriteSetting("ipv4/conf/all/send_redirects", "0");
        Place.WriteSetting("ipv4/conf/default/send_redirects", "0");

        // Each refused packet is told of, not one in a second only: a program should fail at once and not wait.
        Place.WriteSetting("ipv4/icmp_ratelimit", "0");
        Place.WriteSetting("ipv6/icmp/ratelimit", "0");
        foreach (string family in (string[])["iptables", "ip6tables", "arptables"])
        {
            // Only where the module br_netfilter is loaded. No frame is forwarded from port to port, and those to the bridge itself pass the
            // rules for addresses anyhow.
            try
            {
                Place.WriteSetting($"bridge/bridge-nf-call-{family}", "0");
            }
            catch (KernelException e) when (e.Errno == Errno.ENOENT)
            {
                break;
            }
        }
    }

    private async Task LinkAsync(HostLook look, IPNetwork uplink, CancellationToken cancellationToken)
    {
        HostLook inside = await HostLook.TakeAsync(Place, cancellationToken);
        bool isThere = look.Interfaces.Any(i => i.Name == _names.HostUplink);
        if (isThere && !inside.Interfaces.Any(i => i.Name == NetworkNames.Uplink))
        {
            // The other end went with a router that is gone.
            await _host.ChangeAsync("ip", ["link", "delete", _names.HostUplink], "", cancellationToken);
            isThere = false;
        }
        else if (!isThere && inside.Interfaces.Any(i => i.Name == NetworkNames.Uplink))
        {
            // The other end is in a namespace that was taken for the host's before.
            await Place.ChangeAsync("ip", ["link", "delete", NetworkNames.Uplink], "", cancellationToken);
        }

        string mtu = Mtu.ToString(CultureInfo.InvariantCulture);
        if (!isThere)
        {
            await _host.ChangeAsync(
                "ip", ["link", "add", _names.HostUplink, "mtu", mtu, "type", "veth", "peer", "name", NetworkNames.Uplink, "mtu", mtu, "netns", _files.Router],
                "", cancellationToken);
        }

        (IPAddress outer, IPAddress inner) = Ends(uplink);
        List<string> host = [$"address replace {outer}/30 dev {_names.HostUplink}", $"link set {_names.HostUplink} mtu {mtu} up"];
        List<string> router =
        [
            "link set lo up", $"address replace {inner}/30 dev {NetworkNames.Uplink}", $"link set {NetworkNames.Uplink} mtu {mtu} up",
            $"route replace default via {outer} dev {NetworkNames.Uplink}",
        ];
        if (!inside.Interfaces.Any(i => i.Name == NetworkNames.Bridge))
        {
            router.Add($"link add name {NetworkNames.Bridge} type bridge forward_delay 0 mcast_snooping 0");
        }

        // A bridge takes frames to 01:80:C2:00:00:0x past the rules for ports, LLDP's even up to the port itself. Those of this mask go the way of all others
        // (br_input.c of Linux 6.1; the kernel keeps the first three to itself). Learnt from, they would turn a neighbour's frames to their sender.
        router.Add($"link set {NetworkNames.Bridge} type bridge no_linklocal_learn 1 group_fwd_mask 0xfff8");
        router.Add($"link set {NetworkNames.Bridge} up");
        if (HasSix)
        {
            (IPAddress outer6, IPAddress inner6) = Ends(_names.UplinkNetwork6);
            host.Add($"address replace {outer6}/126 dev {_names.HostUplink} nodad");
            router.Add($"address replace {inner6}/126 dev {NetworkNames.Uplink} nodad");
            router.Add($"route replace default via {outer6} dev {NetworkNames.Uplink}");
        }

        await _host.ChangeAsync("ip", ["-batch", "-"], string.Join('\n', host) + "\n", cancellationToken);
        await Place.ChangeAsync("ip", ["-batch", "-"], string.Join('\n', router) + "\n", cancellationToken);

        // The router answers for neighbours, so that a packet to one comes to the rules, is refused at once and is counted.
        Place.WriteSetting($"ipv4/conf/{NetworkNames.Bridge}/proxy_arp_pvlan", "1");
    }

    // Where packets of sandboxes come in, and their answers.
    private async Task ForwardAsync(HostLook look, IPNetwork uplink, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> more = await HostLook.WaysToAsync(_host, _options.Reachable.Select(r => r.Network), cancellationToken);
        string[] interfaces = [.. look.Ways4.Concat(more).Append(_names.HostUplink).Distinct()];
        bool switches = _options.ForwardByInterface && !_forwarding.IsOn(interfaces);
        await GuardHostAsync(uplink, switches ? interfaces : [], cancellationToken);
        if (switches)
        {
            _forwarding.SwitchOn(interfaces);
        }

        Forwards = _forwarding.IsOn(interfaces);
    }

    // Before anything is switched on.
    private Task GuardHostAsync(IPNetwork uplink, IReadOnlyList<string> switched, CancellationToken cancellationToken) => _hostNft.ApplyAsync(
        HostRules.All(_names, uplink, HasSix ? _names.UplinkNetwork6 : null, _options.Reachable, _forwarding.OnlyForSandboxes(switched)), cancellationToken);

    private static (IPAddress First, IPAddress Second) Ends(IPNetwork network)
    {
        byte[] bytes = network.BaseAddress.GetAddressBytes();
        byte[] next = [.. bytes];
        bytes[^1] += 1;
        next[^1] += 2;
        return (new IPAddress(bytes), new IPAddress(next));
    }
}
