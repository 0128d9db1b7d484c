using System.Net.Sockets;
using System.Text;
using Sleigh.Linux;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>Where requests and answers begin and end, byte by byte, by path and by host name.</summary>
[Collection(AloneCollection.Name)]
public sealed class IngressFramingTests
{
    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("Content-Length: 1, 1\r\n\r\na")]
    [InlineData("Content-Length: -1\r\n\r\na")]
    [InlineData("Content-Length: 0x1\r\n\r\na")]
    public async Task A_request_whose_end_is_in_doubt_is_refused_and_nothing_of_it_goes_on(string rest)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(IngressWorld.Reply), domain: "localhost");
        foreach (bool byHost in (bool[])[false, true])
        {
            string reply = await world.Api.RawAsync(world.Begin(byHost, "POST", "/") + rest);

            Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
            Assert.Single(reply.Split("HTTP/1.1 ").Skip(1));
        }

        Assert.Empty(world.Server.Heads);
    }

    [Theory]
    [InlineData("ok", "5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("ok", "5;name=\"value\"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n")]
    [InlineData("bad_request", "5\r\nhelloX\r\n0\r\n\r\n")]
    [InlineData("bad_request", "-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("bad_request", "5 \u000b\r\nhello\r\n0\r\n\r\n")]
    public async Task Pieces_go_on_as_pieces_of_our_own_or_not_at_all(string says, string body)
    {
        StringBuilder got = new();
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, _) =>
        {
            byte[] buffer = new byte[1000];
            for (int count; !got.ToString().EndsWith("0\r\n\r\n", StringComparison.Ordinal) && (count = await stream.ReadAsync(buffer)) > 0;)
            {
                got.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            await TestServer.WriteAsync(stream, IngressWorld.Reply);
        }));

        string reply = await world.Api.RawAsync(world.Begin(byHost: false, "POST", "/") + "Transfer-Encoding: chunked\r\n\r\n" + body);

        Assert.Contains(says, reply, StringComparison.Ordinal);
        if (says == "ok")
        {
            Assert.Equal("5\r\nhello\r\n0\r\n\r\n", got.ToString());
        }
        else
        {
            Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_that_waits_for_leave_to_send_its_body_gets_it_and_the_server_hears_nothing_of_that(bool byHost)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, _) =>
        {
            byte[] body = new byte[5];
            await stream.ReadExactlyAsync(body);
            await TestServer.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{Encoding.ASCII.GetString(body)}");
        }), domain: "localhost");
        string head = world.Begin(byHost, "POST", "/") + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";

        using Socket socket = await world.SendAsync(head);
        StringBuilder reply = new();
        await IngressWorld.ReadUntilAsync(socket, reply, "\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", reply.ToString());
        await socket.SendAsync("hello"u8.ToArray());
        await IngressWorld.ReadUntilAsync(socket, reply, "hello");
        Assert.Contains("HTTP/1.1 200 OK\r\n", reply.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Expect:", Assert.Single(world.Server.Heads), StringComparison.OrdinalIgnoreCase);

        // Where nobody would take the body, it is not asked for.
        world.Api.Parts.Ports.Servers.Clear();
        string refused = await world.Api.RawAsync(head);
        Assert.StartsWith("HTTP/1.1 503 ", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Heads_that_are_too_large_are_refused_on_both_sides(bool byHost)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(
            new TestServer("HTTP/1.1 200 OK\r\nX: " + new string('x', 100_000) + "\r\nContent-Length: 0\r\n\r\n"), domain: "localhost");

        Assert.StartsWith("HTTP/1.1 431 ", await ToEndAsync(world, world.Begin(byHost, "GET", "/") + $"X: {new string('x', 40_000)}\r\n\r\n"), StringComparison.Ordinal);
        string many = string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: x\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await ToEndAsync(world, world.Begin(byHost, "GET", "/") + many + "\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414 ", await ToEndAsync(world, world.Begin(byHost, "GET", $"/{new string('x', 10_000)}") + "\r\n"), StringComparison.Ordinal);
        Assert.Empty(world.Server.Heads);

        string reply = await world.Api.RawAsync(world.Begin(byHost, "GET", "/") + "\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"port_failed\"", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_server_says_two_lengths_the_pieces_count()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(
            new TestServer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));

        string reply = await world.Api.RawAsync(world.Begin(byHost: false, "GET", "/") + "\r\n");

        Assert.DoesNotContain("Content-Length", reply, StringComparison.Ordinal);
        Assert.EndsWith("5\r\nhello\r\n0\r\n\r\n", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_host_is_not_told_as_the_servers_and_its_cause_is_in_the_log()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(IngressWorld.Reply));
        world.Api.Parts.Ports.Fault = new RuntimeException(
            ErrorKind.PortUnreachable, "the host could not open a connection to port 8080; the daemon log has the cause", new KernelException("make a socket in", "net:[1]", Errno.EMFILE));

        string reply = await world.Api.RawAsync(world.Begin(byHost: false, "GET", "/") + "\r\n");

        Assert.StartsWith("HTTP/1.1 500 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"port_unreachable\"", reply, StringComparison.Ordinal);
        Assert.Contains("the host could not open a connection to port 8080", reply, StringComparison.Ordinal);
        Assert.DoesNotContain("net:[1]", reply, StringComparison.Ordinal);
        Assert.Contains(world.Api.Parts.Log.Lines, line => line.Contains("port_unreachable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_slow_reader_holds_its_sender_back_both_ways()
    {
        const int Most = 200 << 20;
        long sent = 0;
        TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, head) =>
        {
            byte[] piece = new byte[64 * 1024];
            if (head.StartsWith("POST", StringComparison.Ordinal))
            {
                await read.Task;
                return;
            }

            await TestServer.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {Most}\r\n\r\n");
            while (Volatile.Read(ref sent) < Most)
            {
                await stream.WriteAsync(piece);
                Interlocked.Add(ref sent, piece.Length);
            }
        }));

        using Socket reader = await world.SendAsync(world.Begin(byHost: false, "GET", "/") + "\r\n");
        long down = await RestingAsync(() => Volatile.Read(ref sent));
        Assert.True(down < Most / 4, $"{down} bytes were taken from a server whose caller reads nothing");

        using Socket writer = await world.SendAsync(world.Begin(byHost: false, "POST", "/") + $"Content-Length: {Most}\r\n\r\n");
        writer.Blocking = false;
        byte[] zeros = new byte[64 * 1024];
        long taken = 0;
        long up = await RestingAsync(() => taken += Send(writer, zeros));
        read.SetResult();
        Assert.True(up < Most / 4, $"{up} bytes were taken from a caller whose server reads nothing");
    }

    [Fact]
    public async Task An_answer_or_tunnel_that_is_silent_holds_no_buffer()
    {
        const int Count = 50;
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, head) =>
        {
            await TestServer.WriteAsync(stream, head.Contains("Upgrade", StringComparison.Ordinal)
                ? "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst"
                : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            await stream.ReadExactlyAsync(new byte[1]);
        }));
        foreach (string more in (string[])["", "Connection: Upgrade\r\nUpgrade: echo\r\n"])
        {
            List<Socket> open = [await FirstAsync(world, more)];
            try
            {
                long before = GC.GetTotalMemory(forceFullCollection: true);
                for (int i = 0; i < Count; i++)
                {
                    open.Add(await FirstAsync(world, more));
                }

                long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
                TestContext.Current.SendDiagnosticMessage($"{each} bytes for each silent one, {more}");
                Assert.True(each < 48 * 1024, $"{each} bytes for each");
            }
            finally
            {
                open.ForEach(one => one.Dispose());
            }
        }
    }

    private static async Task<Socket> FirstAsync(IngressWorld world, string more)
    {
        Socket socket = await world.SendAsync(world.Begin(byHost: false, "GET", "/") + more + "\r\n");
        await IngressWorld.ReadUntilAsync(socket, new StringBuilder(), "first");
        return socket;
    }

    private static int Send(Socket socket, byte[] piece)
    {
        try
        {
            return socket.Send(piece);
        }
        catch (SocketException full) when (full.SocketErrorCode == SocketError.WouldBlock)
        {
            return 0;
        }
    }

    // Until a figure has stood still for a while.
    private static async Task<long> RestingAsync(Func<long> figure)
    {
        long last = -1;
        int still = 0;
        await Poll.UntilAsync(
            () =>
            {
                long now = figure();
                (still, last) = (now == last ? still + 1 : 0, now);
                return still >= 50;
            },
            60, () => $"{last} bytes and more");
        return last;
    }

    private static async Task<string> ToEndAsync(IngressWorld world, string request)
    {
        using Socket socket = await world.SendAsync(request);
        return await IngressWorld.ReadToEndAsync(socket);
    }
}
