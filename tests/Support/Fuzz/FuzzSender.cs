using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Sleigh.TestSupport;

/// <summary>Sends generated requests, each over a connection of its own, and judges the replies.</summary>
/// <param name="connect">Opens a connection; true: to the administrator's socket.</param>
/// <param name="patience">A reply must be there by then.</param>
public sealed class FuzzSender(Func<bool, Task<Socket>> connect, TimeSpan patience)
{
    /// <summary>Statuses that a request may have: never a 500. The others from 502 on are about the host, not about the request.</summary>
    private static readonly int[] Refusals = [400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 422, 429, 502, 503, 504, 507];

    /// <summary>Statuses seen, with how often.</summary>
    public SortedDictionary<int, int> Seen { get; } = [];

    /// <summary>Sends one; null when the reply is one of the contract, else what is wrong.</summary>
    public async Task<string?> ProblemAsync(FuzzRequest request)
    {
        long begin = Stopwatch.GetTimestamp();
        (string head, byte[] body, bool isStream)? reply;
        try
        {
            reply = await SendAsync(request);
        }
        catch (OperationCanceledException)
        {
            return $"no reply in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s";
        }

        if (reply is not { } got)
        {
            return "closed without a reply";
        }

        int status = int.Parse(got.head.Split(' ', 3)[1], CultureInfo.InvariantCulture);
        Seen[status] = Seen.GetValueOrDefault(status) + 1;
        return status is 101 or 304 or >= 200 and < 300 ? null
            : !Refusals.Contains(status) ? $"status {status}: {Encoding.UTF8.GetString(got.body)}"
            : request.Endpoint.Method == "HEAD" ? null
            : ErrorProblem(got.head, got.body);
    }

    // Every error is a JSON object with these members, whatever came.
    private static string? ErrorProblem(string head, byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            string? id = Header(head, "X-Request-Id");
            return root.GetProperty("error").GetString() is not { Length: > 0 } ? "no error"
                : root.GetProperty("code").GetString() is not { Length: > 0 } ? "no code"
                : root.GetProperty("request_id").GetString() != id ? $"the request id differs from the header's: {id}"
                : Header(head, "Content-Type") != "application/json; charset=utf-8" ? "wrong type"
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"no JSON error object: {head}\n{Encoding.UTF8.GetString(body)}";
        }
    }

    private async Task<(string Head, byte[] Body, bool IsStream)?> SendAsync(FuzzRequest request)
    {
        using CancellationTokenSource limit = new(patience);
        using Socket socket = await connect(request.Endpoint.OverSocket);
        StringBuilder head = new($"{request.Endpoint.Method} {request.Target} HTTP/1.1\r\nHost: localhost\r\n");
        foreach ((string name, string value) in request.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        bool upgrades = request.Headers.Any(h => h.Name == "Upgrade");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {request.Body.Length}\r\nConnection: {(upgrades ? "Upgrade" : "close")}\r\n\r\n");
        try
        {
            await socket.SendAsync((byte[])[.. Encoding.UTF8.GetBytes(head.ToString()), .. request.Body], limit.Token);
        }
        catch (SocketException)
        {
            // Answered and closed before the whole body was sent.
        }

        return await ReceiveAsync(socket, limit.Token);
    }

    private static async Task<(string, byte[], bool)?> ReceiveAsync(Socket socket, CancellationToken limit)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[65_536];
        int end = -1;
        while (true)
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer, limit);
            }
            catch (SocketException)
            {
                read = 0;
            }

            all.Write(buffer, 0, read);
            if (end < 0)
            {
                end = EndOfHead(all);
            }

            if (end >= 0)
            {
                string head = Encoding.UTF8.GetString(all.GetBuffer(), 0, end);
                byte[] body = all.GetBuffer()[(end + 4)..(int)all.Length];

                // A stream has begun; it need not end. An upgraded connection neither.
                bool isStream = Header(head, "Content-Type") is "text/event-stream" || head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal);
                bool isWhole = Header(head, "Content-Length") is { } length && body.Length >= long.Parse(length, CultureInfo.InvariantCulture);
                isWhole |= Header(head, "Transfer-Encoding") is "chunked" && body.AsSpan().EndsWith("0\r\n\r\n"u8);
                isWhole |= head.StartsWith("HTTP/1.1 204", StringComparison.Ordinal) || head.StartsWith("HTTP/1.1 304", StringComparison.Ordinal);
                if (isStream || isWhole || read == 0)
                {
                    return (head, body, isStream);
                }
            }
            else if (read == 0)
            {
                return null;
            }
        }
    }

    // Where a body is asked for with "100 Continue", the answer comes behind that.
    private static int EndOfHead(MemoryStream all)
    {
        int end = all.GetBuffer().AsSpan(0, (int)all.Length).IndexOf("\r\n\r\n"u8);
        if (end < 0 || !all.GetBuffer().AsSpan(0, end).StartsWith("HTTP/1.1 100"u8))
        {
            return end;
        }

        byte[] rest = all.GetBuffer()[(end + 4)..(int)all.Length];
        all.SetLength(0);
        all.Write(rest);
        return EndOfHead(all);
    }

    private static string? Header(string head, string name) => head.Split("\r\n")
        .Where(l => l.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 2)..]).FirstOrDefault();
}
