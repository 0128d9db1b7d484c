using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Sleigh.Api.Tests.Fakes;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Attach;

/// <summary>An open attach channel over a real connection, and the fake command behind it.</summary>
internal sealed class AttachPair : IAsyncDisposable
{
    private readonly KestrelApi _api;
    private readonly string _request;
    private Socket _socket = null!;

    private AttachPair(KestrelApi api, ExecId exec, string request) => (_api, Exec, _request) = (api, exec, request);

    public ExecId Exec { get; }

    public FakeExecs Execs => _api.Parts.Execs;

    public static async Task<AttachPair> OpenAsync(string command, string query = "", int streams = 64)
    {
        KestrelApi api = await KestrelApi.StartAsync(change: o => o with { Http = o.Http with { MaxStreamsPerSession = streams } });
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        string reply = await api.RawAsync(
            $"POST /sandboxes/{sandbox}/exec HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\nContent-Length: {command.Length}\r\n\r\n{command}");
        Assert.StartsWith("HTTP/1.1 202", reply, StringComparison.Ordinal);
        Exec exec = api.Parts.Execs.All.Single();
        AttachPair pair = new(api, exec.Id,
            $"GET /sandboxes/{sandbox}/exec/{exec.Id}/attach{query} HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\n"
            + "Connection: Upgrade\r\nUpgrade: sleigh-attach\r\n\r\n");
        pair._socket = await pair.ConnectAsync();
        string head = "";
        byte[] one = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal) && await pair._socket.ReceiveAsync(one) == 1)
        {
            head += (char)one[0];
        }

        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Upgrade: sleigh-attach\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Connection: Upgrade\r\n", head, StringComparison.Ordinal);
        return pair;
    }

    /// <summary>One more connection that has sent the request.</summary>
    public async Task<Socket> ConnectAsync()
    {
        Socket socket = await _api.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(_request));
        return socket;
    }

    public Task SendAsync(byte type, byte[] payload) => SendRawAsync(AttachFrameTests.Frame(type, payload));

    public async Task SendRawAsync(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes.AsMemory(sent), SocketFlags.None);
        }
    }

    /// <summary>The next frame; null when the server has closed.</summary>
    public async Task<(byte Type, byte[] Payload)?> ReadAsync()
    {
        byte[] header = new byte[5];
        if (!await FillAsync(header))
        {
            return null;
        }

        byte[] payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1))];
        return await FillAsync(payload) ? (header[0], payload) : null;
    }

    public async Task<(byte Type, string Text)> ReadTextAsync()
    {
        (byte type, byte[] payload) = await ReadAsync() ?? throw new InvalidOperationException("the server has closed");
        return (type, Encoding.UTF8.GetString(payload));
    }

    public async Task UntilReceivedAsync(string text)
    {
        for (int i = 0; Execs.Received != text; i++)
        {
            Assert.True(i < 500, $"the command received '{Execs.Received}'");
            await Task.Delay(10);
        }
    }

    public void Leave() => _socket.Dispose();

    public void Stop() => _api.Parts.Host.Stop();

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _api.DisposeAsync();
    }

    private async Task<bool> FillAsync(byte[] buffer)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        for (int have = 0; have < buffer.Length;)
        {
            int read = await _socket.ReceiveAsync(buffer.AsMemory(have), SocketFlags.None, limit.Token);
            if (read == 0)
            {
                return false;
            }

            have += read;
        }

        return true;
    }
}
