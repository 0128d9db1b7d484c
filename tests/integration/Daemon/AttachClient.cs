using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>An attach channel to a real daemon. It gathers what comes from the moment it is open.</summary>
public sealed class AttachClient : IDisposable
{
    private readonly Socket _socket;
    private readonly MemoryStream _stdout = new();
    private readonly MemoryStream _stderr = new();
    private readonly Lock _lock = new();

    private AttachClient(Socket socket)
    {
        _socket = socket;
        Ended = Task.Run(ReadAllAsync);
    }

    /// <summary>The last frame, of type 2 or 3; null when the channel ended without one.</summary>
    public Task<(byte Type, JsonObject Body)?> Ended { get; }

    /// <summary>Bytes of standard output so far.</summary>
    public byte[] Stdout
    {
        get
        {
            lock (_lock)
            {
                return _stdout.ToArray();
            }
        }
    }

    public long StdoutLength
    {
        get
        {
            lock (_lock)
            {
                return _stdout.Length;
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Stdout);

    public byte[] Stderr
    {
        get
        {
            lock (_lock)
            {
                return _stderr.ToArray();
            }
        }
    }

    public static async Task<AttachClient> OpenAsync(TestDaemon daemon, DaemonClient client, string sandbox, string exec, long stdoutOffset = 0)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(daemon.Address);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /sandboxes/{sandbox}/exec/{exec}/attach?stdout_offset={stdoutOffset} HTTP/1.1\r\nHost: {daemon.Address}\r\n"
            + $"X-Session-Token: {client.Token}\r\nConnection: Upgrade\r\nUpgrade: sleigh-attach\r\n\r\n"));
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }

        Assert.StartsWith("HTTP/1.1 101 ", head.ToString(), StringComparison.Ordinal);
        return new AttachClient(socket);
    }

    public Task TypeAsync(string keys) => SendAsync(0, Encoding.UTF8.GetBytes(keys));

    public Task ResizeAsync(int rows, int columns) => SendAsync(1, (byte[])[(byte)(rows >> 8), (byte)rows, (byte)(columns >> 8), (byte)columns]);

    public Task EndInputAsync() => SendAsync(2, Array.Empty<byte>());

    public Task SignalAsync(byte number) => SendAsync(3, (byte[])[number]);

    public async Task SendAsync(byte type, ReadOnlyMemory<byte> payload)
    {
        byte[] frame = new byte[5 + payload.Length];
        frame[0] = type;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)payload.Length);
        payload.CopyTo(frame.AsMemory(5));
        for (int sent = 0; sent < frame.Length;)
        {
            sent += await _socket.SendAsync(frame.AsMemory(sent), SocketFlags.None);
        }
    }

    /// <summary>Waits until the output holds a text.</summary>
    public Task UntilAsync(string text, int seconds = 15) =>
        Poll.UntilAsync(() => Text.Contains(text, StringComparison.Ordinal), seconds, () => $"'{text}' is not in '{Text}'");

    /// <summary>The result that the channel ends with.</summary>
    public async Task<ExecReply> ResultAsync(int seconds = 30)
    {
        (byte type, JsonObject body) = await Ended.WaitAsync(TimeSpan.FromSeconds(seconds))
            ?? throw new InvalidOperationException($"the channel ended without a result; it brought '{Text}'");
        Assert.True(type == 2, body.ToJsonString());
        return new ExecReply(body);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _stdout.Dispose();
        _stderr.Dispose();
    }

    private async Task<(byte Type, JsonObject Body)?> ReadAllAsync()
    {
        byte[] header = new byte[5];
        try
        {
            while (await FillAsync(header))
            {
                byte[] payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1))];
                if (!await FillAsync(payload))
                {
                    return null;
                }

                if (header[0] >= 2)
                {
                    return (header[0], JsonNode.Parse(payload)!.AsObject());
                }

                lock (_lock)
                {
                    (header[0] == 0 ? _stdout : _stderr).Write(payload);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The daemon was killed, or the test is over.
        }

        return null;
    }

    private async Task<bool> FillAsync(byte[] buffer)
    {
        for (int have = 0; have < buffer.Length;)
        {
            int read = await _socket.ReceiveAsync(buffer.AsMemory(have), SocketFlags.None);
            if (read == 0)
            {
                return false;
            }

            have += read;
        }

        return true;
    }
}
