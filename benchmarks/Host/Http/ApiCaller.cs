using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli;

namespace Sleigh.Benchmarks.Host.Http;

/// <summary>A client as an agent has one: a session's token, TCP on loopback, connections that are kept open.</summary>
internal sealed class ApiCaller : IDisposable
{
    private readonly HttpClient _http;

    private ApiCaller(HttpClient http) => _http = http;

    /// <summary>The session's id.</summary>
    public required string Session { get; init; }

    /// <summary>Asks for a session.</summary>
    public static async Task<ApiCaller> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        HttpClient http = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = address, Timeout = TimeSpan.FromMinutes(30),
        };
        using HttpResponseMessage issued = await http.PostAsync(new Uri("/sessions/token", UriKind.Relative), null, cancellationToken);
        JsonObject session = await ReadAsync(issued, "POST /sessions/token", cancellationToken);
        http.DefaultRequestHeaders.Add("X-Session-Token", (string?)session["session_token"]);
        return new ApiCaller(http) { Session = (string?)session["session_id"] ?? "" };
    }

    /// <summary>A call that must be answered with 2xx.</summary>
    /// <exception cref="CliException">It was not.</exception>
    public async Task<JsonObject> CallAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        try
        {
            using HttpResponseMessage reply = await _http.SendAsync(request, cancellationToken);
            return await ReadAsync(reply, $"{method} {path}", cancellationToken);
        }
        catch (HttpRequestException ex)
        {
            throw new CliException(ExitCode.Failure, $"{method} {path}: {ex.Message}");
        }
    }

    public Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken) => CallAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <summary>Runs a command and waits for its end.</summary>
    public Task<JsonObject> ExecAsync(string sandbox, JsonObject body, CancellationToken cancellationToken)
    {
        body["wait"] = true;
        body["wait_timeout_seconds"] = 1800;
        return CallAsync(HttpMethod.Post, $"/sandboxes/{sandbox}/exec", body, cancellationToken);
    }

    /// <summary>Makes a sandbox; gives its id.</summary>
    public async Task<string> CreateAsync(string image, CancellationToken cancellationToken) =>
        (string?)(await CallAsync(HttpMethod.Post, "/sandboxes", new JsonObject { ["image"] = image }, cancellationToken))["sandbox_id"] ?? "";

    /// <summary>Deletes a sandbox.</summary>
    public Task DeleteAsync(string sandbox, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Delete, $"/sandboxes/{sandbox}", null, cancellationToken);

    /// <summary>Deletes all that the session has.</summary>
    public Task EndAsync() => CallAsync(HttpMethod.Delete, $"/sessions/{Session}", null, CancellationToken.None);

    public void Dispose() => _http.Dispose();

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage reply, string call, CancellationToken cancellationToken)
    {
        byte[] body = await reply.Content.ReadAsByteArrayAsync(cancellationToken);
        if (!reply.IsSuccessStatusCode)
        {
            throw new CliException(ExitCode.Failure, $"{call} was answered with {(int)reply.StatusCode}: {Encoding.UTF8.GetString(body)}");
        }

        return body.Length == 0 ? [] : JsonNode.Parse(body)?.AsObject() ?? [];
    }
}
