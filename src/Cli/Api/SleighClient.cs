using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Http;

namespace Sleigh.Cli.Api;

/// <summary>The daemon's JSON interface. Without a token the calls are the administrator's.</summary>
internal sealed class SleighClient : IDisposable
{
    private readonly UnixHttpClient _http;
    private readonly string? _token;
    private readonly bool _ownsHttp;

    public SleighClient(string socketPath)
        : this(new UnixHttpClient(socketPath), null, ownsHttp: true)
    {
    }

    private SleighClient(UnixHttpClient http, string? token, bool ownsHttp)
    {
        _http = http;
        _token = token;
        _ownsHttp = ownsHttp;
    }

    /// <summary>The same daemon, called as the owner of a session token. It shares the connections.</summary>
    public SleighClient WithToken(string token) => new(_http, token, ownsHttp: false);

    /// <summary>Reads an object.</summary>
    public Task<JsonObject> GetAsync(string target, CancellationToken cancellationToken) =>
        CallAsync(new HttpCall("GET", target), cancellationToken);

    /// <summary>Sends an object, or nothing, and reads the answer.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="body">Null sends no body.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">Longest wait for the answer; null: a minute.</param>
    /// <param name="idempotencyKey">With it the daemon answers a repeated call instead of carrying it out twice.</param>
    public Task<JsonObject> PostAsync(
        string target,
        JsonObject? body,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null,
        string? idempotencyKey = null)
    {
        var call = new HttpCall("POST", target)
        {
            Headers = idempotencyKey is null ? [] : [new("Idempotency-Key", idempotencyKey)],
            Body = body is null ? default : Encoding.UTF8.GetBytes(body.ToJsonString()),
        };
        return CallAsync(timeout is { } limit ? call with { Timeout = limit } : call, cancellationToken);
    }

    /// <summary>Sends bytes as they are made, with no limit of time.</summary>
    public Task<JsonObject> UploadAsync(
        string target, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken) =>
        CallAsync(
            new HttpCall("POST", target)
            {
                Headers = [new("Content-Type", "application/x-tar")],
                WriteBody = writeBody,
                Timeout = TimeSpan.FromHours(6),
            },
            cancellationToken);

    /// <summary>Sends an object and reads an answer of many objects, one a line, as they come. No limit of time.</summary>
    public async Task PostForLinesAsync(string target, JsonObject body, Action<JsonObject> line, CancellationToken cancellationToken)
    {
        await using var lines = new LineSplitter(text => line(Parse(200, text)));
        await CallAsync(
            new HttpCall("POST", target) { Body = Encoding.UTF8.GetBytes(body.ToJsonString()), Sink = lines, Timeout = TimeSpan.FromHours(6) },
            cancellationToken);
        lines.End();
    }

    /// <summary>Removes something.</summary>
    public Task DeleteAsync(string target, CancellationToken cancellationToken) =>
        CallAsync(new HttpCall("DELETE", target), cancellationToken);

    /// <summary>The answer as it is: used where an error status is an answer too.</summary>
    public async Task<(int Status, JsonObject Body)> TryGetAsync(string target, CancellationToken cancellationToken)
    {
        HttpReply reply = await SendAsync(new HttpCall("GET", target), cancellationToken);
        return (reply.Status, Parse(reply));
    }

    public void Dispose()
    {
        if (_ownsHttp)
        {
            _http.Dispose();
        }
    }

    private async Task<JsonObject> CallAsync(HttpCall call, CancellationToken cancellationToken)
    {
        HttpReply reply = await SendAsync(call, cancellationToken);
        JsonObject body = Parse(reply);
        return reply.Status < 400
            ? body : throw new ApiException(reply.Status, body, $"{call.Method} {call.Target.Split('?')[0]}");
    }

    private Task<HttpReply> SendAsync(HttpCall call, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> headers = [.. call.Headers];
        if (_token is not null)
        {
            headers.Add(new("X-Session-Token", _token));
        }

        if (call.Body.Length > 0)
        {
            headers.Add(new("Content-Type", "application/json"));
        }

        return _http.SendAsync(call with { Headers = headers }, cancellationToken);
    }

    private static JsonObject Parse(HttpReply reply) => reply.Body.Length == 0 ? [] : Parse(reply.Status, reply.Body);

    private static JsonObject Parse(int status, byte[] text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw NotAnObject(status, text, null);
        }
        catch (JsonException ex)
        {
            throw NotAnObject(status, text, ex);
        }
    }

    private static CliException NotAnObject(int status, byte[] body, JsonException? cause)
    {
        string text = Encoding.UTF8.GetString(body);
        string start = Output.Human.OneLine(text.Length <= 120 ? text : text[..120] + "...");
        return new CliException(
            ExitCode.Failure,
            $"the answer (status {status}) is not a JSON object: {start}",
            "check that the socket belongs to sleighd",
            cause);
    }
}
