using System.Net;

namespace Sleigh.Network.Tests;

public sealed class HostLookTests
{
    private const string Addresses =
        """
        [{"ifindex":1,"ifname":"lo","mtu":65536,"addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},
         {"ifindex":4,"ifname":"eth0","mtu":1400,"addr_info":[{"family":"inet","local":"192.0.2.2","prefixlen":27},{"family":"inet","local":"192.0.2.99","address":"192.0.2.201","prefixlen":29},{"family":"inet","local":"192.0.2.2","prefixlen":32},{"family":"inet","local":"192.0.2.2","prefixlen":7},{"family":"inet6","local":"fe80::1"},{"family":"inet6","local":"2001:db8:1:2::1:7","prefixlen":60},{"family":"inet6","local":"2001:db8:9::1","prefixlen":128}]},
         {},{"ifindex":5,"ifname":"sleigh-12345678","mtu":1400,"addr_info":[{"local":"169.254.64.1"}]}]
        """;

    [Fact]
    public void Interfaces_addresses_and_ways_out_are_read()
    {
        HostLook look = HostLook.Parse(Addresses.Replace("{},", "", StringComparison.Ordinal), """[{"dst":"default","dev":"eth0"},{"dst":"default","dev":"eth0","metric":9}]""", "");

        Assert.Equal(["eth0"], look.Ways4);
        Assert.Empty(look.Ways6);
        Assert.Equal(1400, look.Mtu);
        Assert.Equal(["127.0.0.1", "192.0.2.2", "192.0.2.99", "fe80::1", "2001:db8:1:2::1:7", "2001:db8:9::1"], look.AddressesBut("sleigh-12345678").Select(a => a.ToString()));
        Assert.Equal(["127.0.0.0/8", "192.0.2.0/27", "192.0.2.200/29", "2001:db8:1::/60"], look.Networks.Select(n => n.ToString()));
    }

    [Fact]
    public void Without_a_way_out_packets_have_the_usual_size() => Assert.Equal(1500, HostLook.Parse("[]", "[]\n", "").Mtu);

    [Theory]
    [InlineData("{}")]
    [InlineData("[{")]
    public void What_is_no_list_is_refused_and_quoted(string text) =>
        Assert.Equal($"not a list of ip: '{text}'", Assert.Throws<FormatException>(() => HostLook.Parse(text, "", "")).Message);

    [Fact]
    public void An_interface_without_a_name_is_refused() => Assert.Throws<FormatException>(() => HostLook.Parse(Addresses, "", ""));

    [Fact]
    public void The_names_of_an_installation_fit_the_kernel_and_its_uplink_keeps_off_the_metadata_services()
    {
        NetworkNames names = new("fedcba9876543210");

        Assert.Equal("sleigh-fedcba98", names.HostUplink);
        Assert.True(names.HostUplink.Length < 16);
        IPNetwork[] all = [.. Enumerable.Range(0, 1 << 12).Select(names.UplinkNetwork)];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(all, n => Assert.True(IPNetwork.Parse("169.254.64.0/18").Contains(n.BaseAddress)));
        Assert.Equal(names.UplinkNetwork(0), names.UplinkNetwork(1 << 12));
    }
}
