using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Cli.Tests;

/// <summary>A real unix socket server that reads HTTP requests and answers with whatever bytes the test wants.</summary>
public sealed class FakeServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<Request, Task<byte[]?>> _handler;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="handler">Gives the bytes of the answer; null closes the connection without one.</param>
    public FakeServer(Func<Request, Task<byte[]?>> handler)
    {
        _handler = handler;
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string SocketPath => Path.Combine(_folder, "s");

    public List<Request> Requests { get; } = [];

    /// <summary>Close each connection after one answer, finished or not.</summary>
    public bool ClosesAfterAnswer { get; set; }

    public int Connections => _connections;

    /// <summary>Takes over a connection, head and all: for streams and switched protocols. False leaves the request to the handler.</summary>
    public Func<Request, Stream, CancellationToken, Task<bool>>? TakesOver { get; set; }

    /// <summary>An ordinary answer with a length.</summary>
    public static byte[] Reply(int status, string body, string headers = "") =>
        Encoding.UTF8.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}");

    public static FakeServer Answering(Func<Request, byte[]?> handler) => new(request => Task.FromResult(handler(request)));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Directory.Delete(_folder, recursive: true);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stopping.Token);
                Interlocked.Increment(ref _connections);
                connections.Add(ServeAsync(socket));
            }
        }
        catch (Exception ex) when (ex is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var reader = new RequestReader(stream);
        try
        {
            while (await reader.ReadAsync(_stopping.Token) is { } request)
            {
                lock (Requests)
                {
                    Requests.Add(request);
                }

                if (TakesOver is { } takesOver && await takesOver(request, stream, _stopping.Token))
                {
                    return;
                }

                if (await _handler(request) is not { } answer)
                {
                    return;
                }

                await stream.WriteAsync(answer, _stopping.Token);
                if (ClosesAfterAnswer || Encoding.ASCII.GetString(answer).Contains("Connection: close", StringComparison.Ordinal) || !HasFrame(answer))
                {
                    return;
                }
            }
        }
        catch (Exception ex) when (ex is OperationCanceledException or IOException)
        {
            // The client or the test is done.
        }
    }

    private static bool HasFrame(byte[] answer)
    {
        string head = Encoding.Latin1.GetString(answer);
        return head.Contains("Content-Length", StringComparison.Ordinal) || head.Contains("chunked", StringComparison.Ordinal)
            || head.Contains(" 204 ", StringComparison.Ordinal);
    }
}

/// <summary>A request as the server read it.</summary>
public sealed record Request(string Method, string Target, Dictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string Path => Target.Split('?')[0];

    public Dictionary<string, string> Query => Target.Contains('?', StringComparison.Ordinal)
        ? Target.Split('?')[1].Split('&').Select(p => p.Split('=')).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]))
        : [];
}

internal sealed class RequestReader(Stream stream)
{
    private readonly byte[] _one = new byte[1];

    public async Task<Request?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await LineAsync(cancellationToken) is not { Length: > 0 } first)
        {
            return null;
        }

        string[] parts = first.Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await LineAsync(cancellationToken) is { Length: > 0 } line)
        {
            string[] pair = line.Split(':', 2);
            headers.Add(pair[0], pair[1].Trim());
        }

        using var body = new MemoryStream();
        if (headers.ContainsKey("Transfer-Encoding"))
        {
            while (int.Parse(await LineAsync(cancellationToken) ?? throw new IOException("cut off"), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
            {
                body.Write(await BytesAsync(size, cancellationToken));
                await LineAsync(cancellationToken);
            }

            await LineAsync(cancellationToken);
        }
        else if (headers.TryGetValue("Content-Length", out string? length))
        {
            body.Write(await BytesAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellationToken));
        }

        return new Request(parts[0], parts[1], headers, body.ToArray());
    }

    private async Task<byte[]> BytesAsync(int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private async Task<string?> LineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (await stream.ReadAsync(_one, cancellationToken) == 1)
        {
            if (_one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)_one[0]);
        }

        return null;
    }
}
