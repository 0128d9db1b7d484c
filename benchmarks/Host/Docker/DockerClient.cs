using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;

namespace Sleigh.Benchmarks.Host.Docker;

/// <summary>
/// Docker Engine's HTTP API over its unix socket, by the same HTTP client and with the same kept-open connections as Sleigh's side.
/// </summary>
internal sealed class DockerClient : IDisposable
{
    // What Docker Engine 20.10 speaks; newer ones still do.
    private const string Version = "/v1.41";

    private readonly UnixHttpClient _http;

    public DockerClient(string socketPath) => _http = new UnixHttpClient(socketPath);

    /// <summary>Sends a call and reads the whole answer.</summary>
    /// <exception cref="CliException">The answer is an error, or there is none.</exception>
    public async Task<HttpReply> SendAsync(
        string method, string target, JsonObject? body, CancellationToken cancellationToken, Stream? sink = null, Stream? upload = null)
    {
        var call = new HttpCall(method, Version + target)
        {
            Body = body is null ? default : Encoding.UTF8.GetBytes(body.ToJsonString()),
            Headers = body is not null ? [new("Content-Type", "application/json")] : upload is not null ? [new("Content-Type", "application/x-tar")] : [],
            WriteBody = upload is null ? null : (stream, token) => upload.CopyToAsync(stream, token),
            Sink = sink,
            Timeout = TimeSpan.FromMinutes(10),
        };
        HttpReply reply = await _http.SendAsync(call, cancellationToken);
        return reply.Status < 400
            ? reply
            : throw new CliException(ExitCode.Failure, $"Docker answered {method} {target.Split('?')[0]} with {reply.Status}: {Message(reply.Body)}");
    }

    /// <summary>Sends a call whose answer is an object.</summary>
    public async Task<JsonObject> CallAsync(string method, string target, JsonObject? body, CancellationToken cancellationToken)
    {
        HttpReply reply = await SendAsync(method, target, body, cancellationToken);
        return JsonNode.Parse(reply.Body) as JsonObject
            ?? throw new CliException(ExitCode.Failure, $"Docker's answer to {method} {target.Split('?')[0]} is no object: {Encoding.UTF8.GetString(reply.Body)}");
    }

    public void Dispose() => _http.Dispose();

    private static string Message(byte[] body)
    {
        try
        {
            return JsonNode.Parse(body).Text("message") ?? Encoding.UTF8.GetString(body);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body);
        }
    }
}
