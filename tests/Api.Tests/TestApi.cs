using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Sleigh.Api.Peers;
using Sleigh.Api.Tests.Fakes;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>The whole API over fakes, in memory. Callers come from loopback unless a test says otherwise.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestApi(WebApplication app) => _app = app;

    public required FixedTime Time { get; init; }

    public ListLogger Log { get; } = new();

    public FakeHost Host { get; } = new();

    public FakeFiles Files { get; } = new();

    public FakeWarmPool Pool { get; } = new();

    public FakeImages Images { get; } = new();

    public FakeEvents Events { get; } = new();

    public FakeConfiguration Configuration { get; } = new();

    /// <summary>The settings in force; a test may change them.</summary>
    public LiveOptions Options { get; private set; } = new(new SleighOptions());

    public FakeInspection Inspection { get; } = new();

    public required FakeSessions Sessions { get; init; }

    public required FakeSandboxes Sandboxes { get; init; }

    public required FakeExecs Execs { get; init; }

    public HttpClient Client { get; private set; } = null!;

    /// <summary>The address that requests come from.</summary>
    public IPAddress? Peer { get; set; } = IPAddress.Loopback;

    /// <summary>Null: over TCP. Else over the administrator's socket, and whether the peer may use it.</summary>
    public bool? Socket { get; set; }

    public static async Task<TestApi> StartAsync(Func<SleighOptions, SleighOptions>? change = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer(o => o.PreserveExecutionContext = false);
        builder.Services.AddRouting();
        WebApplication app = builder.Build();
        FixedTime time = new();
        TestApi api = new(app)
        {
            Time = time,
            Sessions = new FakeSessions(time),
            Sandboxes = new FakeSandboxes(time),
            Execs = new FakeExecs(time),
        };
        app.Use((http, next) =>
        {
            http.Connection.RemoteIpAddress = api.Peer;
            if (api.Socket is { } allowed)
            {
                http.Features.Set(new SocketPeerFeature(allowed));
                http.Connection.RemoteIpAddress = null;
            }

            return next(http);
        });
        SleighApi.Map(app, api.Dependencies(change is null ? new SleighOptions() : change(new SleighOptions())));
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
        Images = Images,
        Events = Events,
        Inspection = Inspection,
        Configuration = Configuration,
        Host = Host,
        Pool = Pool,
        Idempotency = new FakeIdempotency(),
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
        return new Answer((int)response.StatusCode, text, headers);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Host.Dispose();
    }
}
