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
    /// <param name="target">Path and query.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">Longest wait for the answer; null: a minute.</param>
    public Task<JsonObject> GetAsync(string target, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        CallAsync(timeout is { } limit ? new HttpCall("GET", target) { Timeout = limit } : new HttpCall("GET", target), cancellationToken);

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

    /// <summary>Sets an object, and reads the answer.</summary>
    public Task<JsonObject> PutAsync(string target, JsonObject body, CancellationToken cancellationToken) =>
        CallAsync(new HttpCall("PUT", target) { Body = Encoding.UTF8.GetBytes(body.ToJsonString()) }, cancellationToken);

    /// <summary>Sends bytes as they are made, with no limit of time.</summary>
    public Task<JsonObject> UploadAsync(
        string method, string target, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken) =>
        CallAsync(
            new HttpCall(method, target)
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

    /// <summary>Reads an answer as it comes: events, or bytes of any length. It must be disposed.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="accept">What is wanted.</param>
    /// <param name="timeout">Longest wait for the answer to begin; null: a minute.</param>
    public async Task<OpenReply> OpenAsync(string target, CancellationToken cancellationToken, string? accept = null, TimeSpan? timeout = null)
    {
        var call = new HttpCall("GET", target) { Headers = accept is null ? [] : [new("Accept", accept)] };
        call = timeout is { } limit ? call with { Timeout = limit } : call;
        return await CheckAsync(call, await _http.OpenAsync(WithHeaders(call), cancellationToken), cancellationToken);
    }

    /// <summary>Turns a connection into one of another protocol, to be read and written. It must be disposed.</summary>
    public async Task<OpenReply> UpgradeAsync(string target, string protocol, CancellationToken cancellationToken)
    {
        var call = new HttpCall("GET", target) { Headers = [new("Connection", "Upgrade"), new("Upgrade", protocol)] };
        OpenReply reply = await CheckAsync(call, await _http.OpenAsync(WithHeaders(call), cancellationToken), cancellationToken);
        if (reply.Head.Status == 101)
        {
            return reply;
        }

        await reply.DisposeAsync();
        throw new CliException(
            ExitCode.Failure, $"the daemon answered {target.Split('?')[0]} with status {reply.Head.Status} instead of {protocol}",
            "is sleighctl of the same version as sleighd?");
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

    private Task<HttpReply> SendAsync(HttpCall call, CancellationToken cancellationToken) =>
        _http.SendAsync(WithHeaders(call), cancellationToken);

    private static async Task<OpenReply> CheckAsync(HttpCall call, OpenReply reply, CancellationToken cancellationToken)
    {
        if (reply.Head.Status < 400)
        {
            return reply;
        }

        await using (reply)
        {
            using var body = new MemoryStream();
            await reply.CopyToAsync(body, cancellationToken);
            throw new ApiException(
                reply.Head.Status, body.Length == 0 ? [] : Parse(reply.Head.Status, body.ToArray()), $"{call.Method} {call.Target.Split('?')[0]}");
        }
    }

    private HttpCall WithHeaders(HttpCall call)
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

        return call with { Headers = headers };
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
