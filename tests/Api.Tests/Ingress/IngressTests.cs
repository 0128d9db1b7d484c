using System.Net.Sockets;
using System.Text;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>The way to servers in sandboxes, over a real web server; the servers are real too, on this host's loopback.</summary>
public sealed class IngressTests
{
    private const string Reply = IngressWorld.Reply;

    [Fact]
    public async Task A_request_goes_to_the_server_as_it_was_sent_and_what_opened_the_way_does_not()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));

        string reply = await world.GetAsync($"{world.Prefix}/a/%2e%2e/b?x=1&session_token={world.Token}&y=%20", "X-Own: caf\u00e9", "Cookie: c=d");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", reply, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nok", reply, StringComparison.Ordinal);
        Assert.Contains($"Set-Cookie: a=b; Path={world.Prefix}/\r\n", reply, StringComparison.Ordinal);
        string head = Assert.Single(world.Server.Heads);
        Assert.StartsWith("GET /a/%2e%2e/b?x=1&y=%20 HTTP/1.1\r\nHost: localhost:8080\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Own: caf\u00c3\u00a9\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nCookie: c=d\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Token, head, StringComparison.Ordinal);
        await Poll.UntilAsync(() => world.Api.Parts.Ports.Touches > 0, 30, () => "the request was no use of the sandbox");
    }

    [Fact]
    public async Task Faults_are_answered_in_the_contracts_order()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));
        string stranger = $"X-Session-Token: {world.Api.Parts.Token()}", owner = $"X-Session-Token: {world.Token}";
        string other = $"/sandboxes/sbx_00000000ffff/ports/8080/";

        Assert.Contains("\"host_not_allowed\"", await world.GetAsync(world.Prefix + "/", owner, "Host: evil.example"), StringComparison.Ordinal);
        Assert.Contains("\"host_not_allowed\"", await world.GetAsync(world.Prefix + "/", owner, "Origin: http://evil.example"), StringComparison.Ordinal);
        Assert.Contains("\"session_token_required\"", await world.GetAsync(other), StringComparison.Ordinal);
        Assert.Contains("\"unauthenticated\"", await world.GetAsync(other, $"X-Session-Token: sess_{new string('f', 32)}"), StringComparison.Ordinal);
        Assert.Contains("\"not_found\"", await world.GetAsync(other, owner), StringComparison.Ordinal);
        Assert.Contains("\"forbidden\"", await world.GetAsync(world.Prefix + "/", stranger), StringComparison.Ordinal);
        Assert.Contains("resource not found: port 8081", await world.GetAsync($"/sandboxes/{world.Sandbox}/ports/8081/", owner), StringComparison.Ordinal);
        Assert.Contains("resource not found: port x", await world.GetAsync($"/sandboxes/{world.Sandbox}/ports/x/", owner), StringComparison.Ordinal);
        Assert.Empty(world.Server.Heads);
        Assert.Contains("HTTP/1.1 200", await world.GetAsync(world.Prefix + "/", owner), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_listens_the_answer_says_so_and_when_to_come_back()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));
        world.Api.Parts.Ports.Servers.Clear();

        string reply = await world.GetAsync(world.Prefix + "/", $"X-Session-Token: {world.Token}");

        Assert.StartsWith("HTTP/1.1 503 ", reply, StringComparison.Ordinal);
        Assert.Contains("Retry-After: ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"port_not_listening\"", reply, StringComparison.Ordinal);
        Assert.Contains("nothing listens on port 8080", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    public async Task A_server_that_breaks_off_or_speaks_no_HTTP_is_a_bad_gateway(string said)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(said));

        string reply = await world.GetAsync(world.Prefix + "/", $"X-Session-Token: {world.Token}");

        Assert.StartsWith("HTTP/1.1 502 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"port_failed\"", reply, StringComparison.Ordinal);
        Assert.Single(world.Server.Heads);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_request_that_the_server_may_have_acted_on_is_not_sent_again(string method)
    {
        int requests = 0;
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(
            (stream, _) => Interlocked.Increment(ref requests) == 1 ? TestServer.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") : Task.CompletedTask));
        string head = $"Host: 127.0.0.1\r\nContent-Length: 0\r\nX-Session-Token: {world.Token}\r\n\r\n";

        Assert.EndsWith("ok", await world.Api.RawAsync($"{method} {world.Prefix}/ HTTP/1.1\r\n{head}"), StringComparison.Ordinal);
        Assert.Contains("\"port_failed\"", await world.Api.RawAsync($"{method} {world.Prefix}/ HTTP/1.1\r\n{head}"), StringComparison.Ordinal);
        Assert.Equal(2, requests);
    }

    [Theory]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n", "HTTP/1.1 204 ")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n", "HTTP/1.1 304 ")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "HTTP/1.1 200 ")]
    [InlineData("DELETE", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n", "HTTP/1.1 205 ")]
    [InlineData("OPTIONS", "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n", "HTTP/1.1 405 ")]
    [InlineData("PROPFIND", "HTTP/1.1 207 Multi-Status\r\nContent-Length: 0\r\n", "HTTP/1.1 207 ")]
    public async Task Answers_without_a_body_end_and_the_connection_serves_the_next_request(string method, string reply, string status)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(reply + "Connection: close\r\n\r\n"));
        using Socket socket = await world.Api.ConnectAsync();
        string head = $"Host: 127.0.0.1\r\nX-Session-Token: {world.Token}\r\n\r\n";

        await socket.SendAsync(Encoding.ASCII.GetBytes($"{method} {world.Prefix}/x HTTP/1.1\r\n{head}GET /healthz HTTP/1.1\r\n{head}"));
        StringBuilder got = new();
        await IngressWorld.ReadUntilAsync(socket, got, "\"status\":\"ok\"");

        Assert.StartsWith(status, got.ToString(), StringComparison.Ordinal);
        Assert.StartsWith($"{method} /x HTTP/1.1\r\n", Assert.Single(world.Server.Heads), StringComparison.Ordinal);
        Assert.DoesNotContain(world.Api.Parts.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_that_ends_early_ends_early_for_the_caller_too()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));

        try
        {
            Assert.EndsWith("half", await world.GetAsync(world.Prefix + "/", $"X-Session-Token: {world.Token}"), StringComparison.Ordinal);
        }
        catch (SocketException reset)
        {
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        }

        Assert.Contains(world.Api.Parts.Log.Lines, line => line.Contains("cut off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_comes_piece_by_piece_and_so_does_a_request()
    {
        TaskCompletionSource<string> first = new(TaskCreationOptions.RunContinuationsAsynchronously), seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, _) =>
        {
            byte[] buffer = new byte[100];
            first.SetResult(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
            StringBuilder rest = new();
            while (!rest.ToString().EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            {
                rest.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
            }

            await TestServer.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
            await seen.Task;
            await TestServer.WriteAsync(stream, "3\r\ntwo\r\n0\r\n\r\n");
        }));
        using Socket socket = await world.Api.ConnectAsync();

        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {world.Prefix}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Session-Token: {world.Token}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"));
        Assert.StartsWith("1\r\na", await first.Task.WaitAsync(TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
        await socket.SendAsync("1\r\nb\r\n0\r\n\r\n"u8.ToArray());
        StringBuilder reply = new();
        await IngressWorld.ReadUntilAsync(socket, reply, "one");
        Assert.DoesNotContain("two", reply.ToString(), StringComparison.Ordinal);
        seen.SetResult("");
        await IngressWorld.ReadUntilAsync(socket, reply, "0\r\n\r\n");
        Assert.Contains("3\r\ntwo\r\n", reply.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_opens_one_port_for_a_time_and_its_cookie_the_pages_further_requests()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));
        world.Api.Parts.Ports.Put(SandboxId.Parse(world.Sandbox), 8081, null);
        Answer made = await world.Api.Parts.SendAsync(
            "POST", $"/sandboxes/{world.Sandbox}/links", """{"port":8080,"expires_in_seconds":600,"path":"/page?a=b&c=%20d"}""", world.Token,
            ("Host", "127.0.0.1:10122"));
        string url = made.Text("url"), value = url[(url.LastIndexOf('=') + 1)..];
        Assert.Equal($"http://127.0.0.1:10122{world.Prefix}/page?a=b&c=%20d&sleigh_link={value}", url);
        Assert.Equal("2026-01-05T09:10:01.000Z", made.Text("expires_at"));

        // A browser that opens it is sent to the clean address with a cookie.
        string opened = await world.GetAsync($"{world.Prefix}/page?a=b&sleigh_link={value}", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site");
        Assert.StartsWith("HTTP/1.1 303 ", opened, StringComparison.Ordinal);
        Assert.Contains($"Location: {world.Prefix}/page?a=b\r\n", opened, StringComparison.Ordinal);
        Assert.Contains($"Set-Cookie: sleigh_link={value}; Path={world.Prefix}/; Max-Age=599; HttpOnly; SameSite=Lax\r\n", opened, StringComparison.Ordinal);
        Assert.Empty(world.Server.Heads);

        string cookie = $"Cookie: sleigh_link=none; sleigh_link={value}; own=1";
        Assert.Contains("HTTP/1.1 200 ", await world.GetAsync($"{world.Prefix}/page?a=b", cookie), StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 200 ", await world.GetAsync($"{world.Prefix}/x", cookie, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"), StringComparison.Ordinal);
        Assert.All(world.Server.Heads, head => Assert.DoesNotContain(value, head, StringComparison.Ordinal));
        Assert.All(world.Server.Heads, head => Assert.Contains("Cookie: own=1\r\n", head, StringComparison.Ordinal));

        // A program that follows no redirect is served at once.
        Assert.Contains("HTTP/1.1 200 ", await world.GetAsync($"{world.Prefix}/?sleigh_link={value}"), StringComparison.Ordinal);

        // Nothing else is open to it.
        Assert.Contains("\"link_invalid\"", await world.GetAsync($"/sandboxes/{world.Sandbox}/ports/8081/", cookie), StringComparison.Ordinal);
        Assert.Contains("\"link_invalid\"", await world.GetAsync($"/sandboxes/sbx_00000000ffff/ports/8080/?sleigh_link={value}"), StringComparison.Ordinal);
        Assert.Contains("\"link_invalid\"", await world.GetAsync($"{world.Prefix}/?sleigh_link={value}x"), StringComparison.Ordinal);
        Assert.Contains("\"session_token_required\"", await world.GetAsync($"/sandboxes/{world.Sandbox}/ports", cookie), StringComparison.Ordinal);
        Assert.Contains("\"host_not_allowed\"", await world.GetAsync($"{world.Prefix}/", cookie, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"), StringComparison.Ordinal);

        world.Api.Parts.Time.Now += TimeSpan.FromSeconds(600);
        Assert.Contains("\"link_invalid\"", await world.GetAsync($"{world.Prefix}/", cookie), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("same-site", "navigate", "iframe", false)]
    [InlineData("same-site", "navigate", "frame", false)]
    [InlineData("same-site", "navigate", "object", false)]
    [InlineData("cross-site", "navigate", "embed", false)]
    [InlineData("cross-site", "navigate", "document, document", false)]
    [InlineData("cross-site", "no-cors", "document", false)]
    [InlineData("cross-site", "cors", null, false)]
    [InlineData("same-site", "navigate", "document", true)]
    [InlineData("cross-site", "navigate", "document", true)]
    [InlineData("cross-site", "navigate", null, true)]
    [InlineData("same-origin", "navigate", "iframe", true)]
    [InlineData("none", "navigate", "document", true)]
    public async Task The_page_of_another_site_gets_a_cookies_port_neither_into_a_frame_nor_by_a_call(string site, string mode, string? dest, bool opens)
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));
        string link = (await world.Api.Parts.SendAsync("POST", $"/sandboxes/{world.Sandbox}/links", """{"port":8080}""", world.Token)).Text("url");

        string reply = await world.GetAsync(
            $"{world.Prefix}/", $"Cookie: {link.Split('?')[1]}", $"Sec-Fetch-Site: {site}", $"Sec-Fetch-Mode: {mode}", dest is null ? "" : $"Sec-Fetch-Dest: {dest}");

        Assert.Contains(opens ? "HTTP/1.1 200 " : "\"host_not_allowed\"", reply, StringComparison.Ordinal);
        Assert.Equal(opens ? 1 : 0, world.Server.Heads.Count);
    }

    [Fact]
    public async Task A_browser_with_a_token_in_the_address_gets_a_cookie_in_its_place()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));

        string opened = await world.GetAsync($"{world.Prefix}/?session_token={world.Token}", "Sec-Fetch-Mode: navigate");

        // On plain HTTP beyond loopback a browser does not say what it does; what it accepts does.
        string beyond = await world.GetAsync($"{world.Prefix}/?session_token={world.Token}", "Accept: text/html,application/xhtml+xml,*/*;q=0.8");
        Assert.StartsWith("HTTP/1.1 303 ", beyond, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 303 ", opened, StringComparison.Ordinal);
        Assert.Contains($"Location: {world.Prefix}/\r\n", opened, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Token, opened, StringComparison.Ordinal);
        string cookie = Between(opened, "Set-Cookie: ", ";");
        Assert.Contains("HTTP/1.1 200 ", await world.GetAsync($"{world.Prefix}/", $"Cookie: {cookie}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_is_served_by_path_gets_nothing_that_loopback_alone_opens()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply));

        Assert.StartsWith("HTTP/1.1 200 ", await world.GetAsync("/metrics"), StringComparison.Ordinal);
        Assert.Contains("\"host_not_allowed\"", await world.GetAsync("/metrics", "Sec-Fetch-Site: same-origin"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await world.GetAsync("/metrics", "Sec-Fetch-Site: none"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_name_leads_to_a_port_and_to_nothing_else()
    {
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(Reply), domain: "localhost");
        string host = $"Host: 8080-{world.Sandbox.Replace('_', '-')}.localhost:10122", token = $"X-Session-Token: {world.Token}";

        string reply = await world.GetAsync("/sandboxes?x", host, token, $"Origin: http://{host[6..]}");
        Assert.StartsWith("HTTP/1.1 200 ", reply, StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: a=b; Path=/\r\n", reply, StringComparison.Ordinal);
        Assert.StartsWith("GET /sandboxes?x HTTP/1.1\r\nHost: localhost:8080\r\n", Assert.Single(world.Server.Heads), StringComparison.Ordinal);

        Assert.Contains("\"host_not_allowed\"", await world.GetAsync("/", host, token, "Origin: http://localhost:10122"), StringComparison.Ordinal);
        Assert.Contains("\"session_token_required\"", await world.GetAsync("/healthz", host), StringComparison.Ordinal);
        Assert.Contains("\"host_not_allowed\"", await world.GetAsync("/healthz", "Host: other.localhost"), StringComparison.Ordinal);
        string link = (await world.Api.Parts.SendAsync("POST", $"/sandboxes/{world.Sandbox}/links", """{"port":8080}""", world.Token)).Text("url");
        string opened = await world.GetAsync($"//evil.example/?{link.Split('?')[1]}", host, "Sec-Fetch-Mode: navigate");
        Assert.Contains("Location: /.//evil.example/\r\n", opened, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_end_of_the_sandbox_cuts_off_is_said_or_broken_off()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IngressWorld world = await IngressWorld.StartAsync(new TestServer(async (stream, _) =>
        {
            asked.SetResult();
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        }));
        Task<string> reply = world.GetAsync($"{world.Prefix}/", $"X-Session-Token: {world.Token}");

        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await world.Api.Parts.Ports.Run.CancelAsync();

        Assert.Contains("was stopped or rolled back before its server answered", await reply, StringComparison.Ordinal);
    }

    private static string Between(string text, string start, string end) =>
        text[(text.IndexOf(start, StringComparison.Ordinal) + start.Length)..].Split(end)[0];
}
