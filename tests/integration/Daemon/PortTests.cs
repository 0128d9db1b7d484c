using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Servers in real sandboxes, which have no network but loopback, reached from outside.</summary>
[Collection(DaemonCollection.Name)]
public sealed class PortTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Two_servers_on_the_same_port_of_two_sandboxes_are_reached_side_by_side()
    {
        await using PortWorld one = await PortWorld.ServingAsync(fixture, "one"), other = await PortWorld.ServingAsync(fixture, "other", "::1");

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(("one", "other"), (await one.GetAsync("/greet"), await other.GetAsync("/greet")));
        }

        using ClientWebSocket socket = await one.WebSocketAsync(), second = await other.WebSocketAsync();
        await PortWorld.EchoAsync(socket, "text"u8.ToArray());
        await PortWorld.EchoAsync(second, Encoding.ASCII.GetBytes(new string('x', 100_000)));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        Assert.Equal("one", await one.GetAsync("/greet"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_server_sees_the_request_and_nothing_that_opened_the_way()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        string link = (string)(await Client.SendAsync("POST", $"/sandboxes/{world.Id}/links", new JsonObject { ["port"] = 8080 }, 201))["url"]!;
        string value = link[(link.LastIndexOf('=') + 1)..];
        using HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });

        string head = await world.GetAsync($"/head/a%2Fb?x=1&session_token={Client.Token}&y");
        Assert.StartsWith("GET /head/a%2Fb?x=1&y HTTP/1.1\r\nHost: localhost:8080\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"X-Forwarded-Prefix: {world.Prefix}\r\n", head, StringComparison.Ordinal);
        string byLink = await http.GetStringAsync(new Uri(link.Replace("/?", "/head?", StringComparison.Ordinal)));
        Assert.DoesNotContain("sess_", head + byLink, StringComparison.Ordinal);
        Assert.DoesNotContain(value, byLink, StringComparison.Ordinal);

        using HttpRequestMessage withCookie = new(HttpMethod.Get, $"http://{fixture.Daemon.Address}{world.Prefix}/head");
        withCookie.Headers.Add("Cookie", $"own=1; sleigh_link={value}");
        using HttpResponseMessage cookied = await http.SendAsync(withCookie);
        string seen = await cookied.Content.ReadAsStringAsync();
        Assert.Contains("Cookie: own=1\r\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(value, seen, StringComparison.Ordinal);
        Assert.DoesNotContain(value, await File.ReadAllTextAsync(fixture.Daemon.LogFile), StringComparison.Ordinal);

        using HttpResponseMessage redirected = await http.GetAsync(new Uri(link.Replace("/?", "/cookie?", StringComparison.Ordinal)));
        Assert.Equal($"{world.Prefix}/greet", redirected.Headers.Location!.ToString());
        string[] cookies = [.. redirected.Headers.GetValues("Set-Cookie")];
        Assert.Contains($"own=1; Path={world.Prefix}/", cookies);
        Assert.DoesNotContain(cookies, c => c.Contains("stolen", StringComparison.Ordinal) || c.Contains("Domain", StringComparison.OrdinalIgnoreCase));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_link_opens_its_own_port_only_and_only_until_its_time_is_over()
    {
        await using PortWorld one = await PortWorld.ServingAsync(fixture, "one"), other = await PortWorld.ServingAsync(fixture, "other");
        using HttpClient http = new();
        JsonObject brief = await Client.SendAsync("POST", $"/sandboxes/{one.Id}/links", new JsonObject { ["port"] = 8080, ["expires_in_seconds"] = 3 }, 201);
        JsonObject lasting = await Client.SendAsync("POST", $"/sandboxes/{one.Id}/links", new JsonObject { ["port"] = 8080 }, 201);
        Uri link = new((string)lasting["url"]!);
        Assert.Equal("one", await http.GetStringAsync(link));

        using HttpResponseMessage elsewhere = await http.GetAsync(new Uri(link.ToString().Replace(one.Id, other.Id, StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Unauthorized, elsewhere.StatusCode);
        await Poll.UntilAsync(
            async () =>
            {
                using HttpClient fresh = new();
                using HttpResponseMessage reply = await fresh.GetAsync(new Uri((string)brief["url"]!));
                return reply.StatusCode == HttpStatusCode.Unauthorized;
            },
            60, () => "the link is still good");

        // It dies with its port, also when the port is declared again.
        await Client.SendAsync("DELETE", one.Prefix, null, 204);
        await Client.SendAsync("PUT", one.Prefix, null, 200);
        using HttpClient later = new();
        using HttpResponseMessage dead = await later.GetAsync(link);
        Assert.Equal(HttpStatusCode.Unauthorized, dead.StatusCode);
        Assert.Equal("one", await one.GetAsync("/greet"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_port_waits_listens_and_refuses()
    {
        await using PortWorld world = await PortWorld.OpenAsync(fixture);
        Assert.Equal("waiting", await world.StatusAsync());
        Assert.Equal("[8080]", (await Client.GetAsync(world.Id))["ports"]!.ToJsonString());
        (int status, JsonObject body) = await Client.CallAsync("GET", world.Prefix + "/");
        Assert.Equal((503, "port_not_listening"), (status, (string)body["code"]!));
        Assert.Equal($"nothing listens on port 8080 of sandbox {world.Id}", (string)body["error"]!);
        Assert.Equal(404, (await Client.CallAsync("GET", $"/sandboxes/{world.Id}/ports/8081/")).Status);
        Assert.Equal("waiting", (string)(await Client.SendAsync("GET", $"{world.Prefix}?wait=listening&timeout_seconds=0", null, 200))["status"]!);

        Task<JsonObject> wait = Client.SendAsync("GET", $"{world.Prefix}?wait=listening&timeout_seconds=120", null, 200);
        string exec = await world.Sandbox.StartAsync("exec /web 127.0.0.2 8080");
        await Poll.UntilAsync(async () => await world.StatusAsync() == "refused", 60, () => "a server that loopback does not reach is not seen");
        Assert.False(wait.IsCompleted);
        await Client.SendAsync("POST", $"/sandboxes/{world.Id}/exec/{exec}/cancel", null, 200);
        exec = await world.Sandbox.StartAsync("exec /web 0.0.0.0 8080");
        Assert.Equal("listening", (string)(await wait)["status"]!);
        Assert.Equal("hello", await world.GetAsync("/"));

        await Client.SendAsync("POST", $"/sandboxes/{world.Id}/exec/{exec}/cancel", null, 200);
        await Poll.UntilAsync(async () => await world.StatusAsync() == "refused", 60, () => "a server that has gone is still there");
        await world.Sandbox.RunAsync("true");
        await world.ServeAsync();
        Assert.Equal("hello", await world.GetAsync("/"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Ports_stay_over_rollback_and_go_along_to_forks_and_connections_end()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        string snapshot = await world.Sandbox.SnapshotAsync();
        using ClientWebSocket socket = await world.WebSocketAsync();
        await PortWorld.EchoAsync(socket, "text"u8.ToArray());

        await world.Sandbox.RollbackAsync(snapshot);

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), limit.Token));
        Assert.Equal("waiting", await world.StatusAsync());
        await world.ServeAsync("again");
        Assert.Equal("again", await world.GetAsync("/"));

        foreach (string fork in await Client.ForkAsync(world.Id, 2))
        {
            Assert.Equal("waiting", (string)(await Client.SendAsync("GET", $"/sandboxes/{fork}/ports/8080", null, 200))["status"]!);
            await Client.DeleteAsync(fork);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_stop_of_the_daemon_waits_for_no_connection_and_the_server_goes_on()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        string link = (string)(await Client.SendAsync("POST", $"/sandboxes/{world.Id}/links", new JsonObject { ["port"] = 8080 }, 201))["url"]!;
        using ClientWebSocket socket = await world.WebSocketAsync();
        await PortWorld.EchoAsync(socket, "text"u8.ToArray());

        Assert.Equal(0, await fixture.Daemon.TerminateAsync());
        await fixture.Daemon.StartAsync();

        Assert.Equal("hello", await world.GetAsync("/greet"));
        using HttpClient http = new();
        Assert.Equal("hello", await http.GetStringAsync(new Uri(link)));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_TCP_port_carries_any_bytes_stays_over_a_kill_of_the_daemon_and_goes_with_the_sandbox()
    {
        await using PortWorld world = await PortWorld.OpenAsync(fixture);
        JsonObject port = await Client.SendAsync("PUT", world.Prefix, new JsonObject { ["listen"] = true }, 200);
        IPEndPoint address = IPEndPoint.Parse((string)port["tcp"]!);
        Assert.Equal(IPAddress.Loopback, address.Address);
        Assert.InRange(address.Port, 30_000, 30_099);
        await world.ServeAsync("echo");
        Assert.Equal("a\0b", await EchoAsync(address, "a\0b"));
        JsonObject other = await Client.SendAsync("PUT", $"/sandboxes/{world.Id}/ports/8081", new JsonObject { ["listen"] = true }, 200);
        Assert.NotEqual((string)port["tcp"]!, (string)other["tcp"]!);

        await fixture.Daemon.KillAndRestartAsync();

        JsonObject after = await Client.SendAsync("GET", world.Prefix, null, 200);
        Assert.Equal(address.ToString(), (string)after["tcp"]!);
        Assert.False(after.ContainsKey("tcp_error"));
        Assert.Equal("again", await EchoAsync(address, "again"));

        using TcpClient open = await ConnectAsync(address);
        await Client.SendAsync("PUT", $"/sandboxes/{world.Id}/ports/8081", new JsonObject { ["listen"] = false }, 200);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(IPEndPoint.Parse((string)other["tcp"]!)));
        await Client.DeleteAsync(world.Id);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(address));
        Assert.Equal("", await ReadToEndAsync(open.GetStream()));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Two_hundred_megabytes_go_through_both_ways_and_the_daemon_keeps_none_of_it()
    {
        const long Size = 200 * 1024 * 1024;
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        _ = await world.GetAsync("/download?1000000");
        long before = fixture.Daemon.AnonymousMemory(), most = before;
        using CancellationTokenSource done = new();
        Task watching = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                most = Math.Max(most, fixture.Daemon.AnonymousMemory());
                await Task.Delay(10);
            }
        });

        using (HttpResponseMessage reply = await Client.RawAsync("POST", world.Prefix + "/upload", new BigBody(Size)))
        {
            Assert.StartsWith($"{Size} ", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (HttpResponseMessage reply = await Client.RawAsync("GET", $"{world.Prefix}/download?{Size}"))
        {
            await using Stream body = await reply.Content.ReadAsStreamAsync();
            byte[] buffer = new byte[1 << 20];
            long length = 0;
            int count;
            while ((count = await body.ReadAsync(buffer)) > 0)
            {
                length += count;
            }

            Assert.Equal(Size, length);
        }

        await done.CancelAsync();
        await watching;
        Assert.True(most - before < 64 << 20, $"the daemon grew from {before >> 20} to {most >> 20} MiB");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_answer_comes_as_it_is_made()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        using HttpResponseMessage reply = await Client.RawAsync("GET", world.Prefix + "/two");
        await using Stream body = await reply.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[3];

        await body.ReadExactlyAsync(buffer);
        Assert.Equal("one", Encoding.ASCII.GetString(buffer));
        await world.Sandbox.RunAsync("touch /go");
        await body.ReadExactlyAsync(buffer);
        Assert.Equal("two", Encoding.ASCII.GetString(buffer));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_delete_cuts_off_what_is_under_way()
    {
        await using PortWorld world = await PortWorld.ServingAsync(fixture);
        Task<(int Status, JsonObject Body)> hanging = Client.CallAsync("GET", world.Prefix + "/hang");
        using ClientWebSocket socket = await world.WebSocketAsync();
        await world.Sandbox.RunAsync("while [ ! -e /hanging ]; do sleep 0.01; done");

        await Client.DeleteAsync(world.Id);

        // Whichever is noticed first: that the server is gone, or the sandbox.
        Assert.InRange((await hanging).Status, 502, 503);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), limit.Token));
    }

    private static async Task<TcpClient> ConnectAsync(IPEndPoint address)
    {
        TcpClient client = new();
        try
        {
            await client.ConnectAsync(address);
            return client;
        }
        catch (SocketException)
        {
            client.Dispose();
            throw;
        }
    }

    private static async Task<string> EchoAsync(IPEndPoint address, string text)
    {
        using TcpClient client = await ConnectAsync(address);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        client.Client.Shutdown(SocketShutdown.Send);
        return await ReadToEndAsync(stream);
    }

    private static async Task<string> ReadToEndAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
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
