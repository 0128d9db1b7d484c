using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;

namespace Sleigh.Linux.Tests.Sockets;

public sealed class SeqPacketSocketTests : IAsyncLifetime
{
    private readonly string _directory = $"/tmp/sl-{Guid.NewGuid():n}"[..12];
    private Socket _listener = null!;
    private SeqPacketSocket _client = null!;
    private SeqPacketSocket _server = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_directory);
        string path = Path.Combine(_directory, "s");
        _listener = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        Task<Socket> accepting = _listener.AcceptAsync();
        _client = await SeqPacketSocket.ConnectAsync(path, default);
        _server = SeqPacketSocket.From(await accepting);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Frames_keep_their_bounds()
    {
        byte[] buffer = new byte[100];

        Assert.True(_client.TrySend("one"u8));
        Assert.True(_client.TrySend("three four"u8));

        Assert.Equal(3, await _server.ReceiveAsync(buffer, default));
        Assert.Equal(10, await _server.ReceiveAsync(buffer, default));
        Assert.Equal("three four", Encoding.ASCII.GetString(buffer, 0, 10));
    }

    [Fact]
    public void Descriptors_arrive_in_order_and_stay_the_senders()
    {
        using SafeFileHandle first = MemoryFile.CreateSealed("first", "first content"u8);
        using SafeFileHandle second = MemoryFile.CreateSealed("second", "2nd"u8);
        List<SafeFileHandle> received = [];
        byte[] buffer = new byte[100];

        Assert.True(_client.TrySend("with two"u8, first, second));
        Assert.Equal(8, _server.Receive(buffer, received));

        Assert.Equal(["first content", "2nd"], received.Select(Content));
        Assert.Equal("first content", Content(first));
        received.ForEach(handle => handle.Dispose());
    }

    [Fact]
    public void Nothing_there_is_null_and_a_closed_end_is_zero()
    {
        byte[] buffer = new byte[10];

        Assert.Null(_server.Receive(buffer, []));
        _client.Dispose();

        Assert.Equal(0, _server.Receive(buffer, []));
    }

    [Fact]
    public void A_frame_longer_than_the_buffer_is_an_error()
    {
        _client.TrySend("longer than four"u8);

        KernelException error = Assert.Throws<KernelException>(() => _server.Receive(new byte[4], []));

        Assert.Equal(Errno.EMSGSIZE, error.Errno);
    }

    [Fact]
    public async Task A_full_peer_is_waited_for()
    {
        byte[] frame = new byte[1000];
        int sent = 0;
        while (_client.TrySend(frame))
        {
            sent++;
        }

        Task waiting = _client.SendAsync(frame, [], default).AsTask();
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);
        for (int i = 0; i < sent; i++)
        {
            Assert.Equal(1000, await _server.ReceiveAsync(frame, default));
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Sending_to_a_closed_end_is_a_broken_pipe_and_no_signal()
    {
        _server.Dispose();

        Assert.Equal(Errno.EPIPE, Assert.Throws<KernelException>(() => _client.TrySend("x"u8)).Errno);
    }

    [Fact]
    public async Task Disposing_ends_a_receive_under_way()
    {
        ValueTask<int> receiving = _client.ReceiveAsync(new byte[10], default);

        _client.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(async () => await receiving.AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void The_peer_is_this_process()
    {
        PeerCredentials peer = _server.Peer;

        Assert.Equal(Environment.ProcessId, peer.Pid);
        Assert.Equal(_client.Peer, peer);
    }

    [Fact]
    public async Task Where_nobody_listens_a_connect_fails()
    {
        await Assert.ThrowsAsync<SocketException>(() => SeqPacketSocket.ConnectAsync($"{_directory}/none", default));
    }

    private static string Content(SafeHandle handle)
    {
        byte[] bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, RandomAccess.Read((SafeFileHandle)handle, bytes, 0));
    }
}
