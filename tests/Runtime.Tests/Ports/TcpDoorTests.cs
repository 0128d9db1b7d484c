using System.Net;
using System.Net.Sockets;
using System.Text;
using Sleigh.Runtime.Tests.Images;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Ports;

/// <summary>TCP ports of the host, each with a real server behind it in place of a sandbox.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class TcpDoorTests
{
    private static readonly SessionId Owner = SessionId.New();

    [Fact]
    public async Task Bytes_go_both_ways_and_one_direction_may_end_before_the_other()
    {
        using TcpListener server = Listening();
        await using TcpDoor door = Open(server);
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
        TaskCompletionSource<Exception?> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TcpDoor door = TcpDoor.TryOpen(0, _ => throw new RuntimeException(ErrorKind.PortNotListening, "nothing listens"), told.SetResult)!;
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

        Assert.Equal("nothing listens", (await told.Task)!.Message);
    }

    [Fact]
    public async Task A_connection_ends_with_its_slot_however_silent_its_caller_is()
    {
        using TcpListener server = Listening();
        SlotConnections slot = new();
        await using TcpDoor door = Open(server, slot);
        using TcpClient caller = new();
        await caller.ConnectAsync(door.Address);
        using TcpClient inside = await server.AcceptTcpClientAsync();
        NetworkStream there = inside.GetStream();
        inside.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadToEndAsync(caller.GetStream()));

        slot.Dispose();

        Assert.Equal("", await ReadToEndAsync(there));
    }

    [Fact]
    public async Task A_side_that_has_gone_after_it_ended_its_direction_ends_the_other()
    {
        using TcpListener server = Listening();
        await using TcpDoor door = Open(server);
        using TcpClient caller = new();
        await caller.ConnectAsync(door.Address);
        using TcpClient inside = await server.AcceptTcpClientAsync();
        inside.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadToEndAsync(caller.GetStream()));

        inside.LingerState = new LingerOption(enable: true, 0);
        inside.Dispose();

        await Poll.UntilAsync(() => caller.Client.Poll(0, SelectMode.SelectError), 60, () => "the caller is not told");
    }

    [Fact]
    public async Task A_silent_connection_holds_no_buffer_and_one_with_a_slow_reader_a_piece()
    {
        const int Count = 40;
        using TcpListener server = Listening();
        await using TcpDoor door = Open(server);
        List<TcpClient> open = [];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        try
        {
            for (int i = 0; i < Count; i++)
            {
                TcpClient caller = new();
                open.Add(caller);
                await caller.ConnectAsync(door.Address);
                open.Add(await server.AcceptTcpClientAsync());
            }

            long silent = GC.GetTotalMemory(forceFullCollection: true);
            Assert.True(silent - before < Count * 32 * 1024, $"{(silent - before) / Count} bytes for each silent connection");
            byte[] piece = new byte[64 * 1024];
            foreach (TcpClient caller in open.Where((_, i) => i % 2 == 0))
            {
                caller.Client.Blocking = false;
                SpinWait.SpinUntil(() => !TrySend(caller.Client, piece), TimeSpan.FromSeconds(1));
            }

            long slow = GC.GetTotalMemory(forceFullCollection: true);
            Assert.True(slow - silent < Count * 64 * 1024, $"{(slow - silent) / Count} bytes for each connection whose reader is slow");
        }
        finally
        {
            open.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public void What_is_refused_for_want_of_room_is_told_once_a_minute_with_its_number()
    {
        ManualTime time = new();
        List<string> told = [];
        RefusedConnections refused = new(time, (count, why) => told.Add($"{count} {why.Message}"));

        refused.Note(new RuntimeException(ErrorKind.PortNotListening, "nothing listens"));
        refused.Note(null);
        for (int i = 0; i < 5; i++)
        {
            refused.Note(new RuntimeException(ErrorKind.QuotaExceeded, "full"));
        }

        time.Advance(TimeSpan.FromMinutes(1));
        refused.Note(new RuntimeException(ErrorKind.PortUnreachable, "no descriptor left"));

        Assert.Equal(["1 full", "5 no descriptor left"], told);
    }

    [Fact]
    public async Task Closing_it_ends_its_connections_and_frees_the_port()
    {
        using TcpListener server = Listening();
        TcpDoor door = Open(server);
        using TcpClient caller = new();
        await caller.ConnectAsync(door.Address);
        using TcpClient inside = await server.AcceptTcpClientAsync();
        Assert.Null(TcpDoor.TryOpen(door.Address.Port, token => ConnectAsync(server, new SlotConnections(), token), _ => { }));

        await door.DisposeAsync();

        Assert.Equal("", await ReadToEndAsync(inside.GetStream()));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using TcpClient late = new();
            await late.ConnectAsync(door.Address);
        });
        await using TcpDoor again = TcpDoor.TryOpen(door.Address.Port, token => ConnectAsync(server, new SlotConnections(), token), _ => { })!;
        Assert.Equal(door.Address, again.Address);
    }

    [Fact]
    public void Connections_end_with_their_slot_and_no_more_than_so_many_are_kept()
    {
        SlotConnections connections = new();
        using Socket one = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), late = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ConnectionBudget host = new(10);
        using ConnectionPlace place = ConnectionPlace.Take(connections, host, Owner);
        Assert.True(connections.Any);
        Assert.True(place.TryHold(one));

        connections.Dispose();
        connections.Dispose();

        Assert.True(connections.Ended.IsCancellationRequested);
        Assert.True(one.SafeHandle.IsClosed);
        Assert.False(connections.Any);
        Assert.False(place.TryHold(late));
        Assert.Throws<ObjectDisposedException>(() => ConnectionPlace.Take(connections, host, Owner));
    }

    [Fact]
    public void No_more_than_so_many_places_are_given_into_one_slot()
    {
        using SlotConnections one = new(), other = new();
        ConnectionBudget host = new(4 * SlotConnections.Most);
        ConnectionPlace[] taken = [.. Enumerable.Range(0, SlotConnections.Most).Select(_ => ConnectionPlace.Take(one, host, Owner))];

        RuntimeException full = Assert.Throws<RuntimeException>(() => ConnectionPlace.Take(one, host, Owner));
        Assert.Equal("1024 connections into the sandbox are open already; close one first", full.Message);
        Assert.Equal(("connections_per_sandbox", 1024), (full.Details["quota"], full.Details["limit"]));
        ConnectionPlace.Take(other, host, Owner).Dispose();

        taken[0].Dispose();
        taken[0].Dispose();
        ConnectionPlace.Take(one, host, Owner).Dispose();
        Array.ForEach(taken, place => place.Dispose());
        Assert.False(one.Any);
    }

    [Fact]
    public void A_session_has_half_of_what_others_leave_of_the_hosts_places_over_all_its_sandboxes()
    {
        using SlotConnections one = new(), two = new();
        ConnectionBudget host = new(8);
        SessionId neighbour = SessionId.New(), late = SessionId.New();
        List<ConnectionPlace> taken = [.. Enumerable.Range(0, 4).Select(i => ConnectionPlace.Take(i < 2 ? one : two, host, Owner))];

        RuntimeException half = Assert.Throws<RuntimeException>(() => ConnectionPlace.Take(two, host, Owner));
        Assert.Equal("4 connections into sandboxes of the session are open already, half of what is free on this host; close one first", half.Message);
        Assert.Equal(("connections_per_session", 4), (half.Details["quota"], half.Details["limit"]));

        // The next has half of the other four, and so on; the last place is whole.
        taken.AddRange([ConnectionPlace.Take(one, host, neighbour), ConnectionPlace.Take(one, host, neighbour)]);
        Assert.Equal(("connections_per_session", 2), Refusal(neighbour));
        taken.Add(ConnectionPlace.Take(one, host, late));
        Assert.Equal(("connections_per_session", 1), Refusal(late));
        taken.Add(ConnectionPlace.Take(one, host, SessionId.New()));
        RuntimeException crowded = Assert.Throws<RuntimeException>(() => ConnectionPlace.Take(two, host, SessionId.New()));
        Assert.Equal("8 connections into sandboxes are open on this host already; close one first", crowded.Message);

        taken.ForEach(place => place.Dispose());
        Assert.False(one.Any || two.Any);
        ConnectionPlace[] again = [.. Enumerable.Range(0, 4).Select(_ => ConnectionPlace.Take(two, host, neighbour))];
        Array.ForEach(again, place => place.Dispose());

        (object Quota, object Limit) Refusal(SessionId owner)
        {
            RuntimeException refused = Assert.Throws<RuntimeException>(() => ConnectionPlace.Take(two, host, owner));
            return (refused.Details["quota"], refused.Details["limit"]);
        }
    }

    [Theory]
    [InlineData(1024, 256)]
    [InlineData(1_048_576, 65_536)]
    public void The_host_keeps_half_of_its_descriptors_for_the_rest(ulong descriptors, int most) => Assert.Equal(most, ConnectionBudget.Of(descriptors).Most);

    private static TcpListener Listening()
    {
        TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        return server;
    }

    private static TcpDoor Open(TcpListener server, SlotConnections? slot = null)
    {
        SlotConnections connections = slot ?? new SlotConnections();
        return TcpDoor.TryOpen(0, token => ConnectAsync(server, connections, token), _ => { })!;
    }

    private static async ValueTask<PortStream> ConnectAsync(TcpListener server, SlotConnections slot, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.LocalEndpoint, cancellationToken);
        ConnectionPlace place = ConnectionPlace.Take(slot, new ConnectionBudget(1000), Owner);
        Assert.True(place.TryHold(socket));
        return new PortStream(socket, place);
    }

    // False: nobody takes any more.
    private static bool TrySend(Socket socket, byte[] piece)
    {
        try
        {
            return socket.Send(piece) > 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            return false;
        }
    }

    private static async Task<string> ReadToEndAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        try
        {
            return await reader.ReadToEndAsync(limit.Token);
        }
        catch (IOException)
        {
            // Reset.
            return "";
        }
    }
}
