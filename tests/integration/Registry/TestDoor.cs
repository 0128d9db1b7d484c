using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>What came to a door.</summary>
internal sealed record DoorRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);

    public bool IsBlob => Target.Contains("/blobs/", StringComparison.Ordinal);
}

/// <summary>What a door gives back.</summary>
internal sealed record DoorAnswer(int Status, byte[] Body)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Hangs up after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Falls silent after so many bytes of the body.</summary>
    public int? SilentAfter { get; init; }

    /// <summary>Waits so long between pieces of 64 KiB.</summary>
    public TimeSpan Pause { get; init; }

    public static DoorAnswer Text(int status, string body, params (string Name, string Value)[] headers) =>
        new(status, Encoding.UTF8.GetBytes(body)) { Headers = headers };
}

/// <summary>A small HTTP server on loopback: it answers as a test wishes, and can pass on to a real registry and spoil what that says.</summary>
internal sealed class TestDoor : IAsyncDisposable
{
    private static readonly string[] NotPassedOn = ["Host", "Connection", "Content-Length"];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly string _behind;
    private readonly Func<DoorRequest, Func<Task<DoorAnswer>>, Task<DoorAnswer>> _answer;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _serving;

    /// <param name="behind">The registry's host and port, where there is one.</param>
    /// <param name="answer">Given a request, and a way to ask the registry behind.</param>
    public TestDoor(string behind, Func<DoorRequest, Func<Task<DoorAnswer>>, Task<DoorAnswer>> answer)
    {
        _behind = behind;
        _answer = answer;
        _listener.Start();
        Host = _listener.LocalEndpoint.ToString()!;
        _serving = ServeAsync();
    }

    public TestDoor(string behind, Func<DoorRequest, DoorAnswer, DoorAnswer> change)
        : this(behind, async (request, ask) => change(request, await ask()))
    {
    }

    public TestDoor(Func<DoorRequest, DoorAnswer> answer)
        : this("", (request, _) => Task.FromResult(answer(request)))
    {
    }

    public string Host { get; }

    public ConcurrentQueue<DoorRequest> Requests { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _serving;
        _client.Dispose();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> calls = [];
        try
        {
            while (true)
            {
                calls.Add(HandleAsync(await _listener.AcceptSocketAsync(_end.Token)));
            }
        }
        catch (Exception ex) when (ex is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(calls);
        }
    }

    private async Task HandleAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                await using var stream = new NetworkStream(socket);
                if (await ReadAsync(stream) is { } request)
                {
                    Requests.Enqueue(request);
                    await WriteAsync(stream, socket, await _answer(request, () => PassOnAsync(request)));
                }
            }
            catch (Exception ex) when (ex is IOException or OperationCanceledException or HttpRequestException)
            {
                // The other side hung up, or the test is over.
            }
        }
    }

    private async Task<DoorRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string[] pair in lines.Skip(1).Select(l => l.Split(':', 2)))
        {
            headers[pair[0]] = pair[1].Trim();
        }

        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _end.Token);
        return new DoorRequest(first[0], first[1], headers, Encoding.UTF8.GetString(body));
    }

    private async Task<DoorAnswer> PassOnAsync(DoorRequest request)
    {
        string path = request.Target.StartsWith('/') ? request.Target : new Uri(request.Target).PathAndQuery;
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri($"http://{_behind}{path}"));
        foreach ((string name, string value) in request.Headers.Where(h => !NotPassedOn.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage answer = await _client.SendAsync(message, _end.Token);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(_end.Token);
        return new DoorAnswer((int)answer.StatusCode, body)
        {
            Headers =
            [
                .. answer.Headers.Concat(answer.Content.Headers)
                    .Where(h => h.Key is not ("Content-Length" or "Connection" or "Transfer-Encoding"))
                    .SelectMany(h => h.Value.Select(v => (h.Key, v))),
            ],
        };
    }

    private async Task WriteAsync(NetworkStream stream, Socket socket, DoorAnswer answer)
    {
        var head = new StringBuilder($"HTTP/1.1 {answer.Status} X\r\nContent-Length: {answer.Body.Length}\r\nConnection: close\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _end.Token);
        int end = answer.CutAfter ?? answer.SilentAfter ?? answer.Body.Length;
        for (int at = 0; at < end; at += 64 * 1024)
        {
            await stream.WriteAsync(answer.Body.AsMemory(at, Math.Min(64 * 1024, end - at)), _end.Token);
            if (answer.Pause > TimeSpan.Zero)
            {
                await Task.Delay(answer.Pause, _end.Token);
            }
        }

        if (answer.SilentAfter is not null)
        {
            // Until the other side has had enough.
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, _end.Token);
        }

        socket.Shutdown(SocketShutdown.Send);
    }
}
