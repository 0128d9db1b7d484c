using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Sleigh.Api.Peers;
using Sleigh.Api.Tests.Fakes;
using Sleigh.Api.Tests.OpenApi;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>The whole API over fakes, in memory. Callers come from loopback unless a test says otherwise.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private ApiDependencies? _dependencies;
    private FakeCodeWriter? _codeWriter;

    private TestApi(WebApplication app) => _app = app;

    public required FixedTime Time { get; init; }

    public ListLogger Log { get; } = new();

    public FakeHost Host { get; } = new();

    public FakeFiles Files { get; } = new();

    public FakeMounts Mounts { get; } = new();

    public required FakePorts Ports { get; init; }

    public FakeEnvironments Environments { get; } = new();

    public FakeZones Zones { get; } = new();

    public FakeWarmPool Pool { get; } = new();

    public FakeImages Images { get; } = new();

    public FakeEvents Events { get; } = new();

    public FakeConfiguration Configuration { get; } = new();

    public FakeAudit Audit { get; } = new();

    public FakeMaintenance Maintenance { get; } = new();

    /// <summary>The settings in force; a test may change them.</summary>
    public LiveOptions Options { get; private set; } = new(new SleighOptions());

    public FakeInspection Inspection { get; } = new();

    public FakeFsck Fsck { get; } = new();

    public FakeStorage Storage { get; } = new();

    public required FakeMemory Memory { get; init; }

    public required FakeSessions Sessions { get; init; }

    public required FakeSandboxes Sandboxes { get; init; }

    public required FakeDiffs Diffs { get; init; }

    public required FakeExports Exports { get; init; }

    public required FakeExecs Execs { get; init; }

    public required FakeWebhooks Webhooks { get; init; }

    public FakeCodeWriter CodeWriter => _codeWriter ??= new FakeCodeWriter(Execs);

    public HttpClient Client { get; private set; } = null!;

    /// <summary>The address that requests come from.</summary>
    public IPAddress? Peer { get; set; } = IPAddress.Loopback;

    /// <summary>Whether a fake makes up errors that the real thing does not give there; else every error must be in the document.</summary>
    public bool AnyCode { get; set; }

    /// <summary>Null: over TCP. Else over the administrator's socket, and whether the peer may use it.</summary>
    public bool? Socket { get; set; }

    /// <summary>Who calls over that socket; null: not known.</summary>
    public SocketPeer? SocketPeer { get; set; }

    public static async Task<TestApi> StartAsync(Func<SleighOptions, SleighOptions>? change = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer(o => o.PreserveExecutionContext = false);
        builder.Services.AddRouting();
        WebApplication app = builder.Build();
        FixedTime time = new();
        FakeSandboxes sandboxes = new(time);
        FakeExecs execs = new(time);
        TestApi api = new(app)
        {
            Time = time,
            Sessions = new FakeSessions(time),
            Sandboxes = sandboxes,
            Diffs = new FakeDiffs(sandboxes),
            Exports = new FakeExports(),
            Memory = new FakeMemory(sandboxes, time),
            Execs = execs,
            Webhooks = new FakeWebhooks(execs),
            Ports = new FakePorts(time),
        };
        api.Execs.SessionOf = id => sandboxes.Find(id)?.Session ?? SessionId.Parse("sid_000000000001");
        app.Use((http, next) =>
        {
            http.Connection.RemoteIpAddress = api.Peer;
            if (api.Socket is { } allowed)
            {
                http.Features.Set(new SocketPeerFeature(allowed, api.SocketPeer));
                http.Connection.RemoteIpAddress = null;
            }

            return next(http);
        });
        api._dependencies = api.Dependencies(change is null ? new SleighOptions() : change(new SleighOptions()));
        SleighApi.Map(app, api._dependencies);
        await app.StartAsync();
        api.Client = app.GetTestClient();
        return api;
    }

    public ApiDependencies Dependencies(SleighOptions options) => new()
    {
        Sessions = Sessions,
        Sandboxes = Sandboxes,
        Execs = Execs,
        Files = Files,
        CodeWriter = CodeWriter,
        Mounts = Mounts,
        Ports = Ports,
        Environments = Environments,
        Zones = Zones,
        Diffs = Diffs,
        Exports = Exports,
        Images = Images,
        Events = Events,
        Inspection = Inspection,
        Fsck = Fsck,
        Storage = Storage,
        Memory = Memory,
        Configuration = Configuration,
        Host = Host,
        Pool = Pool,
        Webhooks = Webhooks,
        Idempotency = new FakeIdempotency(),
        Maintenance = Maintenance,
        Audit = Audit,
        CursorSecret = "made at first start",
        Options = Options = new LiveOptions(options),
        Version = "1.0.0",
        Logger = Log,
        Time = Time,
    };

    /// <summary>A token of a new session.</summary>
    public string Token() => Sessions.Issue().Token;

    /// <summary>A token and a sandbox of its session.</summary>
    public async Task<(string Token, string Sandbox)> SandboxAsync()
    {
        string token = Token();
        Answer made = await SendAsync("POST", "/sandboxes", $$"""{"session_token":"{{token}}"}""");
        return (token, made.Text("sandbox_id"));
    }

    public async Task<Answer> SendAsync(
        string method, string path, string? body = null, string? token = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        }
        else if (method == "POST")
        {
            request.Content = new ByteArrayContent([]);
        }

        if (token is not null)
        {
            request.Headers.Add("X-Session-Token", token);
        }

        foreach ((string name, string value) in headers)
        {
            if (name == "Host")
            {
                request.Headers.Host = value;
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await Client.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Dictionary<string, string> headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        Answer answer = new((int)response.StatusCode, text, headers);
        ReplyCheck.Check(request.Method.Method, request.RequestUri!.PathAndQuery, answer, AnyCode);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _dependencies?.Meters.Dispose();
        _dependencies?.Requests.Dispose();
        Host.Dispose();
    }
}
