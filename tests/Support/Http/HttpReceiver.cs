using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.TestSupport.Http;

/// <summary>A small HTTP server on loopback: it notes what comes and answers what the test says. A connection carries one request.</summary>
public sealed class HttpReceiver : IAsyncDisposable
{
    private const byte TlsHandshake = 0x16;

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly ConcurrentQueue<ReceivedRequest> _received = new();
    private int _connections;
    private bool _ended;

    /// <param name="answer">The status to answer, or null: hold the connection open without an answer.</param>
    /// <param name="address">Where to listen; null: 127.0.0.1.</param>
    /// <param name="port">The port; 0: any.</param>
    public HttpReceiver(Func<ReceivedRequest, int?> answer, IPAddress? address = null, int port = 0)
        : this(request => answer(request) is int status ? $"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n" : null, address, port)
    {
    }

    /// <param name="answer">The text to answer, or null: hold the connection open without an answer.</param>
    /// <param name="address">Where to listen; null: 127.0.0.1.</param>
    /// <param name="port">The port; 0: any.</param>
    public HttpReceiver(Func<ReceivedRequest, string?> answer, IPAddress? address = null, int port = 0)
    {
        _listener = new TcpListener(address ?? IPAddress.Loopback, port);
        _listener.Start(512);
        _accepting = AcceptAsync(answer);
    }

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Its root, as <c>http://127.0.0.1:4711</c>.</summary>
    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>Connections accepted so far, with or without a request.</summary>
    public int Connections => _connections;

    /// <summary>What has come, in order.</summary>
    public IReadOnlyList<ReceivedRequest> Received => [.. _received];

    /// <summary>Waits until so many requests have come.</summary>
    public async Task<IReadOnlyList<ReceivedRequest>> WaitAsync(int count, TimeSpan? atMost = null)
    {
        TimeSpan patience = atMost ?? TimeSpan.FromSeconds(30);
        long begin = TimeProvider.System.GetTimestamp();
        while (_received.Count < count)
        {
            if (TimeProvider.System.GetElapsedTime(begin) > patience)
            {
                throw new TimeoutException($"{_received.Count} of {count} requests came in {patience}");
            }

            await Task.Delay(5);
        }

        return Received;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<ReceivedRequest, string?> answer)
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                serving.RemoveAll(t => t.IsCompleted);
                serving.Add(ServeAsync(socket, answer));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(Socket socket, Func<ReceivedRequest, string?> answer)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            if (await ReadAsync(stream, (IPEndPoint)socket.LocalEndPoint!) is not { } request)
            {
                return;
            }

            string? text = answer(request);
            request.AnsweredAt = TimeProvider.System.GetTimestamp();
            _received.Enqueue(request);
            if (text is null)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _stop.Token);
                return;
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other side has gone, or the test is over.
        }
    }

    private async Task<ReceivedRequest?> ReadAsync(NetworkStream stream, IPEndPoint to)
    {
        List<byte> bytes = [];
        byte[] piece = new byte[16384];
        int head = -1;
        long at = 0;
        while (head < 0)
        {
            int read = await stream.ReadAsync(piece, _stop.Token);
            if (read == 0)
            {
                return null;
            }

            at = at == 0 ? TimeProvider.System.GetTimestamp() : at;
            bytes.AddRange(piece.AsSpan(0, read));
            if (bytes[0] == TlsHandshake)
            {
                return new ReceivedRequest("TLS", new Dictionary<string, string>(), [], at, to);
            }

            head = bytes.ToArray().AsSpan().IndexOf("\r\n\r\n"u8);
        }

        string[] lines = Encoding.ASCII.GetString([.. bytes[..head]]).Split("\r\n");
        Dictionary<string, string> headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0].ToLowerInvariant(), p => p[1]);
        int length = headers.TryGetValue("content-length", out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        List<byte> body = bytes[(head + 4)..];
        while (body.Count < length)
        {
            int read = await stream.ReadAsync(piece, _stop.Token);
            if (read == 0)
            {
                return null;
            }

            body.AddRange(piece.AsSpan(0, read));
        }

        return new ReceivedRequest(lines[0], headers, [.. body], at, to);
    }
}
