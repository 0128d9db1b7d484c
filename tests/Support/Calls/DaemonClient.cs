using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Sleigh.TestSupport;

/// <summary>A caller of the API: over TCP with a session's token, or over the administrator's socket.</summary>
public sealed class DaemonClient : IDisposable
{
    private readonly IServedDaemon _daemon;
    private readonly bool _overSocket;
    private HttpClient? _http;
    private int _start;

    private DaemonClient(IServedDaemon daemon, bool overSocket) => (_daemon, _overSocket) = (daemon, overSocket);

    public string? Token { get; private set; }

    public string? SessionId { get; private set; }

    /// <summary>A new session over TCP.</summary>
    public static async Task<DaemonClient> NewSessionAsync(IServedDaemon daemon)
    {
        DaemonClient client = new(daemon, overSocket: false);
        JsonObject session = await client.SendAsync("POST", "/sessions/token", null, 201);
        (client.Token, client.SessionId) = ((string)session["session_token"]!, (string)session["session_id"]!);
        return client;
    }

    /// <summary>The administrator.</summary>
    public static DaemonClient Administrator(IServedDaemon daemon) => new(daemon, overSocket: true);

    /// <summary>Any call; gives the status and the body.</summary>
    public async Task<(int Status, JsonObject Body)> CallAsync(string method, string path, JsonObject? body = null, CancellationToken cancellationToken = default) =>
        await CallAsync(method, path, body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), cancellationToken);

    /// <summary>Any call with any body.</summary>
    public async Task<(int Status, JsonObject Body)> CallAsync(string method, string path, HttpContent? content, CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = content };
        Sign(request);
        using HttpResponseMessage reply = await Http().SendAsync(request, cancellationToken);
        string text = await reply.Content.ReadAsStringAsync(cancellationToken);
        return ((int)reply.StatusCode, text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject());
    }

    /// <summary>Any call, with the reply as it comes.</summary>
    public async Task<HttpResponseMessage> RawAsync(string method, string path, HttpContent? content = null, CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = content };
        Sign(request);
        return await Http().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>A call that answers a JSON object a line, for as long as it takes.</summary>
    public async Task<string[]> LinesAsync(string path, JsonObject body)
    {
        using StringContent content = new(body.ToJsonString());
        using HttpResponseMessage reply = await RawAsync("POST", path, content);
        return (await reply.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>A call that must answer this status.</summary>
    public async Task<JsonObject> SendAsync(string method, string path, JsonObject? body, int status)
    {
        (int got, JsonObject reply) = await CallAsync(method, path, body);
        Assert.True(got == status, $"{method} {path}: {got} instead of {status}: {reply.ToJsonString()}\n{_daemon.LogTail}");
        return reply;
    }

    /// <summary>Makes a sandbox; gives what the call answered.</summary>
    public Task<JsonObject> CreateAsync(string image, JsonObject? more = null)
    {
        JsonObject body = more ?? [];
        body["image"] = image;
        return SendAsync("POST", "/sandboxes", body, 201);
    }

    /// <summary>Makes a sandbox; gives its id.</summary>
    public async Task<string> NewAsync(string image, JsonObject? more = null) => (string)(await CreateAsync(image, more))["sandbox_id"]!;

    public Task<JsonObject> GetAsync(string sandbox) => SendAsync("GET", $"/sandboxes/{sandbox}", null, 200);

    public Task DeleteAsync(string sandbox) => SendAsync("DELETE", $"/sandboxes/{sandbox}", null, 204);

    public async Task<string> SnapshotAsync(string sandbox) => (string)(await SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, 201))["id"]!;

    public Task<JsonObject> RollbackAsync(string sandbox, string snapshot) =>
        SendAsync("POST", $"/sandboxes/{sandbox}/rollback", new JsonObject { ["snapshot_id"] = snapshot }, 200);

    /// <summary>Forks; gives the ids.</summary>
    public async Task<string[]> ForkAsync(string sandbox, int count, string? snapshot = null)
    {
        JsonObject body = new() { ["count"] = count };
        if (snapshot is not null)
        {
            body["snapshot_id"] = snapshot;
        }

        JsonObject reply = await SendAsync("POST", $"/sandboxes/{sandbox}/fork", body, 201);
        return [.. reply["items"]!.AsArray().Select(i => (string)i!["sandbox_id"]!)];
    }

    /// <summary>Runs a command and waits for its end.</summary>
    public async Task<ExecReply> ExecAsync(string sandbox, string command, JsonObject? more = null)
    {
        JsonObject body = more ?? [];
        if (!body.ContainsKey("argv"))
        {
            body["command"] = command;
        }

        body["wait"] = true;
        if (!body.ContainsKey("wait_timeout_seconds"))
        {
            body["wait_timeout_seconds"] = 120;
        }

        return new ExecReply(await SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, 200));
    }

    /// <summary>Runs a command that must succeed; gives what it printed.</summary>
    public async Task<string> RunAsync(string sandbox, string command, JsonObject? more = null)
    {
        ExecReply exec = await ExecAsync(sandbox, command, more);
        Assert.True(exec.Status == "succeeded", $"{command}\n{exec}");
        return exec.Stdout;
    }

    /// <summary>Starts a command and does not wait; gives its id.</summary>
    public async Task<string> StartAsync(string sandbox, string command, JsonObject? more = null)
    {
        JsonObject body = more ?? [];
        body["command"] = command;
        return (string)(await SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, 202))["id"]!;
    }

    public async Task<ExecReply> ExecOfAsync(string sandbox, string exec) =>
        new(await SendAsync("GET", $"/sandboxes/{sandbox}/exec/{exec}", null, 200));

    public async Task<ExecReply> CancelAsync(string sandbox, string exec) =>
        new(await SendAsync("POST", $"/sandboxes/{sandbox}/exec/{exec}/cancel", null, 200));

    /// <summary>Asks until the exec is final.</summary>
    public async Task<ExecReply> FinalAsync(string sandbox, string exec, int seconds = 120)
    {
        ExecReply reply = null!;
        await Poll.UntilAsync(async () => (reply = await ExecOfAsync(sandbox, exec)).IsFinal, seconds, () => $"{exec} is not final: {reply}");
        return reply;
    }

    /// <summary>Everything that was stored of a stream, read piece by piece.</summary>
    public async Task<byte[]> OutputAsync(string sandbox, string exec, string stream = "stdout")
    {
        using MemoryStream all = new();
        while (true)
        {
            JsonObject piece = await SendAsync(
                "GET", $"/sandboxes/{sandbox}/exec/{exec}/output?stream={stream}&offset={all.Length}&encoding=base64&limit=1048576", null, 200);
            all.Write(Convert.FromBase64String((string)piece["data"]!));
            if ((bool)piece["eof"]!)
            {
                return all.ToArray();
            }
        }
    }

    /// <summary>Puts a file into a sandbox, by way of a command's standard input.</summary>
    public async Task PutAsync(string sandbox, string path, byte[] content, string mode = "0755")
    {
        JsonObject stdin = new() { ["stdin"] = Convert.ToBase64String(content) };
        await RunAsync(sandbox, $"mkdir -p \"$(dirname {path})\" && base64 -d > {path} && chmod {mode} {path}", stdin);
    }

    /// <summary>Imports an image archive, over the administrator's socket.</summary>
    public async Task<(int Status, JsonObject Body)> ImportAsync(Stream archive, string name)
    {
        using StreamContent content = new(archive);
        return await CallAsync("POST", $"/admin/images/import?name={name}", content);
    }

    /// <summary>All names of images, over the administrator's socket.</summary>
    public async Task<string[]> ImagesAsync() =>
        [.. (await SendAsync("GET", "/admin/images", null, 200))["items"]!.AsArray().Select(i => (string)i!["name"]!)];

    /// <summary>Closes the connections; the next call opens a new one.</summary>
    public void DropConnections()
    {
        _http?.Dispose();
        _http = null;
    }

    public void Dispose() => _http?.Dispose();

    private void Sign(HttpRequestMessage request)
    {
        if (Token is not null)
        {
            request.Headers.Add("X-Session-Token", Token);
        }
        else if (_daemon.ApiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _daemon.ApiKey);
        }
    }

    private HttpClient Http()
    {
        if (_http is not null && _start == _daemon.Starts)
        {
            return _http;
        }

        // A connection to the daemon before the last restart is of no use.
        SocketsHttpHandler handler = new();
        if (_overSocket)
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_daemon.Socket!), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        Uri address = new(_overSocket ? "http://localhost" : $"http://{_daemon.Address}");
        (_http, _start) = (new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) }, _daemon.Starts);
        return _http;
    }
}
