using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What ends connections into real sandboxes, and what they keep from ending.</summary>
[Collection(DaemonCollection.Name)]
public sealed class PortEndTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Open_connections_end_when_their_port_is_taken_back_or_their_link_is_over_and_others_go_on()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        await Client.SendAsync("PUT", $"/sandboxes/{world.Id}/ports/8081", new JsonObject { ["listen"] = true }, 200);
        IPEndPoint door = IPEndPoint.Parse((string)(await Client.SendAsync("GET", $"/sandboxes/{world.Id}/ports/8081", null, 200))["tcp"]!);
        await world.Sandbox.StartAsync("exec /web 127.0.0.1 8081 echo");
        await Client.SendAsync("GET", $"/sandboxes/{world.Id}/ports/8081?wait=listening&timeout_seconds=60", null, 200);
        using ClientWebSocket byToken = await world.WebSocketAsync(), byLink = new();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(90));
        using TcpClient tcp = new();
        await tcp.ConnectAsync(door);
        await EchoAsync(tcp, "over TCP");
        JsonObject brief = await Client.SendAsync("POST", $"/sandboxes/{world.Id}/links", new JsonObject { ["port"] = 8080, ["expires_in_seconds"] = 15, ["path"] = "/ws" }, 201);
        await byLink.ConnectAsync(new Uri(((string)brief["url"]!).Replace("http:", "ws:", StringComparison.Ordinal)), limit.Token);
        await PortWorld.EchoAsync(byLink, "text"u8.ToArray());

        await Assert.ThrowsAsync<WebSocketException>(async () => await byLink.ReceiveAsync(new byte[10].AsMemory(), limit.Token));
        await PortWorld.EchoAsync(byToken, "goes on"u8.ToArray());
        await Client.SendAsync("DELETE", world.Prefix, null, 204);
        await Assert.ThrowsAsync<WebSocketException>(async () => await byToken.ReceiveAsync(new byte[10].AsMemory(), limit.Token));
        await EchoAsync(tcp, "goes on");
        await Client.SendAsync("DELETE", $"/sandboxes/{world.Id}/ports/8081", null, 204);
        Assert.Equal("", await ToEndAsync(tcp));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Snapshots_hold_connections_up_and_lose_nothing_and_the_end_of_the_sandbox_ends_them()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        await Client.SendAsync("PUT", $"/sandboxes/{world.Id}/ports/8081", new JsonObject { ["listen"] = true }, 200);
        IPEndPoint door = IPEndPoint.Parse((string)(await Client.SendAsync("GET", $"/sandboxes/{world.Id}/ports/8081", null, 200))["tcp"]!);
        await world.Sandbox.StartAsync("exec /web 127.0.0.1 8081 echo");
        await Client.SendAsync("GET", $"/sandboxes/{world.Id}/ports/8081?wait=listening&timeout_seconds=60", null, 200);
        using ClientWebSocket socket = await world.WebSocketAsync();
        using TcpClient tcp = new();
        await tcp.ConnectAsync(door);

        Task snapshots = Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await world.Sandbox.SnapshotAsync();
            }
        });
        do
        {
            Assert.Equal("hello", await world.GetAsync("/greet"));
            await PortWorld.EchoAsync(socket, Encoding.ASCII.GetBytes(new string('x', 50_000)));
            await EchoAsync(tcp, new string('y', 5_000));
        }
        while (!snapshots.IsCompleted);
        await snapshots;

        // Half closed and silent: the caller has nothing to say and waits.
        await SandboxEnd.KillInitAsync(fixture.Daemon, Client, world.Sandbox);
        Assert.Equal("", await ToEndAsync(tcp));
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), limit.Token));
        (int status, JsonObject body) = await Client.CallAsync("GET", world.Prefix + "/greet");
        Assert.Equal((503, $"sandbox {world.Id} does not run, so nothing listens in it"), (status, (string)body["error"]!));
        Assert.Equal("", await CallAsync(door));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Requests_and_open_connections_by_a_link_keep_a_session_that_nobody_else_uses()
    {
        await using TestDaemon daemon = new(("pool.size", "1"), ("sessions.idle_ttl_seconds", "5"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        byte[] web = await TestProgram.BuildAsync("web", isStatic: true);

        // Where the machine stands still for nearly as long as a session lives, a round says nothing.
        bool met = false;
        for (int round = 0; round < 10 && !met; round++)
        {
            using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
            if (await TryServeAsync(client, image, web) is (string id, Uri link))
            {
                met = await UsesAsync(client, id, link);
            }
        }

        Assert.True(met, "the machine stood still in each round");
    }

    // Null: the session ended before the server ran.
    private static async Task<(string Id, Uri Link)?> TryServeAsync(DaemonClient client, string image, byte[] web)
    {
        try
        {
            string id = await client.NewAsync(image);
            await client.PutAsync(id, "/web", web, "0755");
            await client.SendAsync("PUT", $"/sandboxes/{id}/ports/8080", null, 200);

            // It is left behind by its command: no command runs.
            await client.RunAsync(id, "/web 127.0.0.1 8080 >/dev/null 2>&1 </dev/null &");
            await client.SendAsync("GET", $"/sandboxes/{id}/ports/8080?wait=listening&timeout_seconds=4", null, 200);
            return (id, new Uri((string)(await client.SendAsync("POST", $"/sandboxes/{id}/links", new JsonObject { ["port"] = 8080, ["path"] = "/ws" }, 201))["url"]!));
        }
        catch (Xunit.Sdk.XunitException)
        {
            if ((await client.CallAsync("GET", "/sandboxes")).Status != 401)
            {
                throw;
            }

            return null;
        }
    }

    // False: the machine stood still.
    private static async Task<bool> UsesAsync(DaemonClient client, string id, Uri link)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseCookies = false });
        Stopwatch begin = Stopwatch.StartNew(), gap = Stopwatch.StartNew();
        TimeSpan longest = default;
        void Mark() => longest = gap.Elapsed > longest ? gap.Elapsed : longest;
        while (begin.Elapsed < TimeSpan.FromSeconds(8))
        {
            using HttpResponseMessage reply = await http.GetAsync(new Uri(link.ToString().Replace("/ws?", "/greet?", StringComparison.Ordinal)));
            Mark();
            gap.Restart();
            await Task.Delay(200);
        }

        using (ClientWebSocket socket = new())
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
            await socket.ConnectAsync(new Uri(link.ToString().Replace("http:", "ws:", StringComparison.Ordinal)), limit.Token);
            Mark();
            await Task.Delay(TimeSpan.FromSeconds(8), limit.Token);
            await PortWorld.EchoAsync(socket, "still here"u8.ToArray());
            gap.Restart();
        }

        int status = (await client.CallAsync("GET", $"/sandboxes/{id}")).Status;
        Mark();
        if (longest > TimeSpan.FromSeconds(3))
        {
            return false;
        }

        Assert.Equal(200, status);
        return true;
    }

    private static async Task EchoAsync(TcpClient client, string text)
    {
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        byte[] back = new byte[text.Length];
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await stream.ReadExactlyAsync(back, limit.Token);
        Assert.Equal(text, Encoding.ASCII.GetString(back));
    }

    // The reset may come before the connect has returned.
    private static async Task<string> CallAsync(IPEndPoint door)
    {
        using TcpClient late = new();
        try
        {
            await late.ConnectAsync(door);
            return await ToEndAsync(late);
        }
        catch (Exception e) when (e is SocketException { SocketErrorCode: SocketError.ConnectionReset } or InvalidOperationException)
        {
            return "";
        }
    }

    // Until its end, or a reset.
    private static async Task<string> ToEndAsync(TcpClient client)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using StreamReader reader = new(client.GetStream(), Encoding.ASCII, leaveOpen: true);
        try
        {
            return await reader.ReadToEndAsync(limit.Token);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
