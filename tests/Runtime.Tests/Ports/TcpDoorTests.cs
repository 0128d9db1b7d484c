using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Runtime.Tests.Ports;

/// <summary>TCP ports of the host, each with a real server behind it in place of a sandbox.</summary>
public sealed class TcpDoorTests
{
    [Fact]
    public async Task Bytes_go_both_ways_and_one_direction_may_end_before_the_other()
    {
        using TcpListener server = Listening();
        await using TcpDoor door = TcpDoor.TryOpen(0, token => ConnectAsync(server, token))!;
        Assert.Equal(IPAddress.Loopback, door.Address.Address);
        using TcpClient caller = new();
        await caller.ConnectAsync(door.Address);
        using TcpClient inside = await server.AcceptTcpClientAsync();

        NetworkStream here = caller.GetStream(), there = inside.GetStream();
        await here.WriteAsync("question"u8.ToArray());
        caller.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("question", await ReadToEndAsync(there));
        await there.WriteAsync("answer"u8.ToArray());
        inside.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer", await ReadToEndAsync(here));
    }

    [Fact]
    public async Task Where_nothing_listens_the_caller_is_sent_away()
    {
        await using TcpDoor door = TcpDoor.TryOpen(0, _ => throw new RuntimeException(ErrorKind.PortNotListening, "nothing listens"))!;
        using TcpClient caller = new();
        try
        {
            await caller.ConnectAsync(door.Address);
            Assert.Equal("", await ReadToEndAsync(caller.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Reset: as good an answer.
        }
    }

    [Fact]
    public async Task Closing_it_ends_its_connections_and_frees_the_port()
    {
        using TcpListener server = Listening();
        TcpDoor door = TcpDoor.TryOpen(0, token => ConnectAsync(server, token))!;
        using TcpClient caller = new();
        await caller.ConnectAsync(door.Address);
        using TcpClient inside = await server.AcceptTcpClientAsync();
        Assert.Null(TcpDoor.TryOpen(door.Address.Port, token => ConnectAsync(server, token)));

        await door.DisposeAsync();

        Assert.Equal("", await ReadToEndAsync(inside.GetStream()));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using TcpClient late = new();
            await late.ConnectAsync(door.Address);
        });
        await using TcpDoor again = TcpDoor.TryOpen(door.Address.Port, token => ConnectAsync(server, token))!;
        Assert.Equal(door.Address, again.Address);
    }

    [Fact]
    public void Connections_end_with_their_slot_and_no_more_than_so_many_are_kept()
    {
        SlotConnections connections = new();
        using Socket one = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), late = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.True(connections.TryAdd(one));
        Assert.True(connections.Any);

        connections.Dispose();
        connections.Dispose();

        Assert.True(connections.Ended.IsCancellationRequested);
        Assert.True(one.SafeHandle.IsClosed);
        Assert.False(connections.Any);
        Assert.False(connections.TryAdd(late));
    }

    private static TcpListener Listening()
    {
        TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        return server;
    }

    private static async ValueTask<PortStream> ConnectAsync(TcpListener server, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.LocalEndpoint, cancellationToken);
        return new PortStream(socket, new SlotConnections());
    }

    private static async Task<string> ReadToEndAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        return await reader.ReadToEndAsync(limit.Token);
    }
}
