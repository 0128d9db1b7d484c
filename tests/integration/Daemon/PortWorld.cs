using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A sandbox with the tests' own web server in it, and a caller of it.</summary>
internal sealed class PortWorld(DaemonFixture fixture, TestSandbox sandbox, int port) : IAsyncDisposable
{
    public string Id => sandbox.Id;

    public TestSandbox Sandbox => sandbox;

    /// <summary>Where the server is reached on the API's address.</summary>
    public string Prefix => $"/sandboxes/{Id}/ports/{port}";

    private DaemonClient Client => fixture.Client;

    /// <summary>A sandbox with one declared port; the server's program is in it and not started.</summary>
    public static async Task<PortWorld> OpenAsync(DaemonFixture fixture, int port = 8080)
    {
        TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["ports"] = new JsonArray(port) });
        await sandbox.PutAsync("/web", await TestProgram.BuildAsync("web", isStatic: true));
        return new PortWorld(fixture, sandbox, port);
    }

    /// <summary>The same, with the server started and listening.</summary>
    public static async Task<PortWorld> ServingAsync(DaemonFixture fixture, string greeting = "hello", string address = "127.0.0.1", int port = 8080)
    {
        PortWorld world = await OpenAsync(fixture, port);
        await world.ServeAsync(greeting, address);
        return world;
    }

    /// <summary>Starts the server and waits until it listens.</summary>
    public async Task ServeAsync(string greeting = "hello", string address = "127.0.0.1")
    {
        await sandbox.StartAsync(string.Create(CultureInfo.InvariantCulture, $"exec /web {address} {port} {greeting}"));
        JsonObject now = await Client.SendAsync("GET", $"{Prefix}?wait=listening&timeout_seconds=60", null, 200);
        Assert.Equal("listening", (string)now["status"]!);
    }

    public async Task<string> StatusAsync() => (string)(await Client.SendAsync("GET", Prefix, null, 200))["status"]!;

    /// <summary>A request of the owner; gives the body.</summary>
    public async Task<string> GetAsync(string path)
    {
        using HttpResponseMessage reply = await Client.RawAsync("GET", Prefix + path);
        string body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.IsSuccessStatusCode, $"{path}: {(int)reply.StatusCode} {body}\n{fixture.Daemon.LogTail}");
        return body;
    }

    public async Task<ClientWebSocket> WebSocketAsync()
    {
        ClientWebSocket socket = new();
        socket.Options.SetRequestHeader("X-Session-Token", Client.Token);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await socket.ConnectAsync(new Uri($"ws://{fixture.Daemon.Address}{Prefix}/ws"), limit.Token);
        return socket;
    }

    /// <summary>Sends a text over a WebSocket and reads the same text back.</summary>
    public static async Task EchoAsync(ClientWebSocket socket, byte[] text)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await socket.SendAsync(text, WebSocketMessageType.Binary, endOfMessage: true, limit.Token);
        using MemoryStream back = new();
        byte[] buffer = new byte[65_536];
        ValueWebSocketReceiveResult piece;
        do
        {
            piece = await socket.ReceiveAsync(buffer.AsMemory(), limit.Token);
            back.Write(buffer, 0, piece.Count);
        }
        while (!piece.EndOfMessage);
        Assert.True(back.ToArray().AsSpan().SequenceEqual(text), $"{back.Length} bytes came back instead of {text.Length}");
    }

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();
}
