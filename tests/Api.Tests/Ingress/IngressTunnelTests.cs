using System.Net.Sockets;
using System.Text;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>Connections that become tunnels, by path and by host name, and what ends them.</summary>
public sealed class IngressTunnelTests
{
    private const string Switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Own: 1\r\n\r\nhello ";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_upgrade_to_any_protocol_makes_a_tunnel(bool byHost)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, head) =>
        {
            Assert.Contains("Connection: Upgrade\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("Upgrade: echo\r\n", head, StringComparison.OrdinalIgnoreCase);
            await TestServer.WriteAsync(stream, Switch);
            byte[] buffer = new byte[100];
            await stream.WriteAsync(buffer.AsMemory(0, await stream.ReadAsync(buffer)));
        }), domain: "localhost");

        using Socket socket = await world.SendAsync(world.Begin(byHost, "GET", "/") + "Connection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n");
        StringBuilder reply = new();
        await IngressWorld.ReadUntilAsync(socket, reply, "hello ");
        Assert.StartsWith("HTTP/1.1 101 ", reply.ToString(), StringComparison.Ordinal);
        Assert.Contains("X-Own: 1\r\n", reply.ToString(), StringComparison.Ordinal);
        await socket.SendAsync("world"u8.ToArray());
        await IngressWorld.ReadUntilAsync(socket, reply, "hello world");
        Assert.Equal("", await IngressWorld.ReadToEndAsync(socket));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_open_tunnel_ends_when_its_port_is_taken_back(bool byHost)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(HeldOpen(out Task closed), domain: "localhost");
        using Socket socket = await OpenAsync(world, world.Begin(byHost, "GET", "/"));

        world.Api.Parts.Ports.Remove(world.Id, 8080);

        Assert.Equal("", await IngressWorld.ReadToEndAsync(socket));
        await closed.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_open_tunnel_ends_when_the_time_of_its_link_is_over_and_one_by_token_goes_on(bool byHost)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(HeldOpen(out Task closed), domain: "localhost");
        string link = world.Api.Parts.Ports.Link(world.Id, 8080, TimeSpan.FromSeconds(2)).Value;
        using Socket lasting = await OpenAsync(world, world.Begin(byHost, "GET", "/"));
        using Socket socket = await OpenAsync(world, world.Begin(byHost, "GET", $"/?sleigh_link={link}", withToken: false));

        Assert.Equal("", await IngressWorld.ReadToEndAsync(socket));
        await closed.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(lasting.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task An_open_tunnel_ends_with_the_run_of_its_sandbox()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(HeldOpen(out Task closed));
        using Socket socket = await OpenAsync(world, world.Begin(byHost: false, "GET", "/"));

        await world.Api.Parts.Ports.Run.CancelAsync();

        Assert.Equal("", await IngressWorld.ReadToEndAsync(socket));
        await closed.WaitAsync(TimeSpan.FromSeconds(60));
        await Poll.UntilAsync(() => world.Api.Parts.Ports.Touches > 0, 60, () => "the tunnel was no use of the sandbox");
    }

    // The task completes at the end of the first connection.
    private static TestServer HeldOpen(out Task closed)
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        closed = end.Task;
        return new TestServer(async (stream, _) =>
        {
            await TestServer.WriteAsync(stream, Switch);
            try
            {
                Assert.Equal(0, await stream.ReadAsync(new byte[1]));
            }
            catch (IOException)
            {
                // Reset: an end too.
            }

            end.TrySetResult();
        });
    }

    private static async Task<Socket> OpenAsync(IngressWorld world, string begin)
    {
        Socket socket = await world.SendAsync(begin + "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        StringBuilder reply = new();
        await IngressWorld.ReadUntilAsync(socket, reply, "hello ");
        return socket;
    }
}
