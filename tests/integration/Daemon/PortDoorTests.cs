using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>TCP ports of the host that the operator takes back.</summary>
public sealed class PortDoorTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_TCP_port_that_the_operator_gives_no_more_is_closed_over_a_restart_too_and_opens_when_he_gives_it_again()
    {
        await using TestDaemon daemon = new(("pool.size", "0"), ("ingress.tcp_ports", "31500-31519"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon), administrator = DaemonClient.Administrator(daemon);
        string id = await client.NewAsync(await images.HaveAsync(TestImages.Busybox)), path = $"/sandboxes/{id}/ports/8080";
        string address = (string)(await client.SendAsync("PUT", path, new JsonObject { ["listen"] = true }, 200))["tcp"]!;
        Assert.True(await IsOpenAsync(address));

        daemon.Set("ingress.tcp_ports", "none");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        await ClosedAsync();
        await daemon.KillAndRestartAsync();
        await ClosedAsync();
        Assert.Equal(400, (await client.CallAsync("PUT", path, new JsonObject { ["listen"] = true })).Status);

        daemon.Set("ingress.tcp_ports", "31500-31519");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        Assert.True(await IsOpenAsync(address));
        Assert.False((await client.SendAsync("GET", path, null, 200)).ContainsKey("tcp_error"));

        // In another range it gets another number when it is asked for again.
        daemon.Set("ingress.tcp_ports", "31520-31539");
        await daemon.KillAndRestartAsync();
        await ClosedAsync();
        JsonObject again = await client.SendAsync("PUT", path, new JsonObject { ["listen"] = true }, 200);
        Assert.InRange(IPEndPoint.Parse((string)again["tcp"]!).Port, 31_520, 31_539);
        Assert.True(await IsOpenAsync((string)again["tcp"]!));
        await client.DeleteAsync(id);

        async Task ClosedAsync()
        {
            JsonObject port = await client.SendAsync("GET", path, null, 200);
            Assert.Equal(
                (address, $"{address} is closed: it is none of the operator's TCP ports any more (ingress.tcp_ports)"),
                ((string)port["tcp"]!, (string?)port["tcp_error"]));
            Assert.False(await IsOpenAsync(address));
        }
    }

    private static async Task<bool> IsOpenAsync(string address)
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync(IPEndPoint.Parse(address));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
