using System.Net.Sockets;
using System.Text;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>The checklist's lines about transport, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed class TransportLines(ContractFixture fixture)
{
    private RawHttp Http => new(fixture.Daemon.Address);

    private (string, string) Token => ("X-Session-Token", fixture.Client.Token!);

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T1")]
    public async Task A_token_needs_neither_body_nor_type()
    {
        RawReply issued = await Http.SendAsync("POST /sessions/token");

        Assert.Equal(201, issued.Status);
        Assert.Matches("^sess_[0-9a-f]{32}$", (string?)issued.Json["session_token"]);
        Assert.Equal(["session_token", "issued_at", "session_id", "expires_at", "idle_ttl_seconds"], issued.Json.Select(m => m.Key));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T2")]
    public async Task What_is_not_there_answers_in_JSON()
    {
        (await Http.SendAsync("GET /nowhere")).Is(404, "route_not_found");
        (await Http.SendAsync("POST /sandboxes/sbx_000000000000/nowhere", "{")).Is(404, "route_not_found");
        RawReply method = (await Http.SendAsync("PUT /sandboxes", "{")).Is(405, "method_not_allowed");
        Assert.Equal("POST, GET, HEAD", method.Header("Allow"));
        Assert.Equal("""["POST","GET","HEAD"]""", method.Json["details"]!["allowed"]!.ToJsonString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T3")]
    public async Task Four_wrong_bodies_have_four_texts()
    {
        Assert.Equal("empty request body", (await Http.SendAsync("POST /sandboxes", null, Token)).Is(400, "empty_body").Error);
        Assert.StartsWith("invalid json: malformed", (await Http.SendAsync("POST /sandboxes", "{\"a\":", Token)).Is(400, "invalid_json").Error, StringComparison.Ordinal);
        Assert.Equal("invalid json: there is text after the object", (await Http.SendAsync("POST /sandboxes", "{} {}", Token)).Is(400, "invalid_json").Error);
        RawReply type = (await Http.SendAsync("POST /sandboxes", """{"memory_limit_mb":"512"}""", Token)).Is(400, "invalid_json");
        Assert.Equal(("invalid json: field memory_limit_mb must be an integer", "memory_limit_mb"), (type.Error, (string?)type.Json["details"]!["field"]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T4")]
    public async Task Unknown_fields_are_ignored_by_create_and_refused_by_fork()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("wish", 1));

        RawReply fork = (await Http.SendAsync($"POST /sandboxes/{sandbox.Id}/fork", """{"wish":1}""", Token)).Is(400, "unknown_field");

        Assert.Equal("wish", (string?)fork.Json["details"]!["field"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T5")]
    public async Task A_byte_above_the_limit_is_413_and_is_not_kept()
    {
        const int Limit = 16 << 20;
        RawReply announced = (await Http.SendAsync(Encoding.UTF8.GetBytes(Http.Head("POST /sandboxes", Limit + 1, Token)))).Is(413, "payload_too_large");
        Assert.Equal(Limit, (int)announced.Json["details"]!["max_bytes"]!);

        // Not announced, in pieces, by ten callers: the server stops reading at the limit, and gives back what it had taken.
        long before = fixture.Daemon.AnonymousMemory();
        for (int i = 0; i < 10; i++)
        {
            string head = $"POST /sandboxes HTTP/1.1\r\nHost: {fixture.Daemon.Address}\r\nX-Session-Token: {fixture.Client.Token}\r\nTransfer-Encoding: chunked\r\n\r\n";
            using Socket socket = await Http.OpenAsync(Encoding.UTF8.GetBytes(head));
            byte[] piece = [.. Encoding.ASCII.GetBytes($"{1 << 20:x}\r\n"), .. Enumerable.Repeat((byte)' ', 1 << 20), 13, 10];
            try
            {
                for (int sent = 0; sent <= 17; sent++)
                {
                    await socket.SendAsync(piece);
                }
            }
            catch (SocketException)
            {
                // Closed in the middle of it: the answer is on its way.
            }

            try
            {
                (await RawHttp.ReadAsync(socket)).Is(413, "payload_too_large");
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // A reset may overtake the reply of a server that has stopped reading.
            }
        }

        // One buffer of the limit may stay for the next caller, not one for each.
        Assert.InRange(fixture.Daemon.AnonymousMemory() - before, long.MinValue, 64L << 20);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T6")]
    public async Task The_first_token_that_is_not_blank_counts()
    {
        string token = fixture.Client.Token!;
        string query = $"GET /sandboxes?session_token={token}";
        const string Bad = "sess_nonsense";

        Assert.Equal(200, (await Http.SendAsync($"GET /sandboxes?session_token={Bad}", $$"""{"session_token":" {{token}} "}""", ("X-Session-Token", Bad))).Status);
        Assert.Equal(200, (await Http.SendAsync($"GET /sandboxes?session_token={Bad}", """{"session_token":"  "}""", Token)).Status);
        Assert.Equal(200, (await Http.SendAsync(query, null, ("X-Session-Token", " "))).Status);
        Assert.Equal(200, (await Http.SendAsync(query)).Status);
        (await Http.SendAsync(query, null, ("X-Session-Token", Bad))).Is(401, "unauthenticated");
        (await Http.SendAsync(query, $$"""{"session_token":"{{Bad}}"}""", Token)).Is(401, "unauthenticated");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T7")]
    public async Task Checks_come_in_their_order()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        using DaemonClient stranger = await DaemonClient.NewSessionAsync(fixture.Daemon);
        const string Bad = """{"command":"true","cwd":"relative"}""";
        const string Nobody = "POST /sandboxes/sbx_000000000000/exec";
        (string, string) foreign = ("X-Session-Token", stranger.Token!);

        Assert.Equal("bad request: session_token is required", (await Http.SendAsync(Nobody, Bad)).Is(400, "session_token_required").Error);
        (await Http.SendAsync(Nobody, Bad, ("X-Session-Token", "sess_0"))).Is(401, "unauthenticated");
        Assert.Equal("resource not found: sandbox sbx_000000000000", (await Http.SendAsync(Nobody, Bad, foreign)).Is(404, "not_found").Error);
        Assert.Equal(
            $"forbidden: {sandbox.Id} belongs to another session",
            (await Http.SendAsync($"POST /sandboxes/{sandbox.Id}/exec", Bad, foreign)).Is(403, "forbidden").Error);
        Assert.Equal("cwd", (string?)(await Http.SendAsync($"POST /sandboxes/{sandbox.Id}/exec", Bad, Token)).Is(400, "invalid_argument").Json["details"]!["field"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T8")]
    public async Task A_request_id_is_echoed_or_made()
    {
        foreach ((string sent, bool echoed) in ((string, bool)[])[("my.id-1_X", true), ("a b", false), (new string('x', 129), false), ("", false)])
        {
            RawReply fine = await Http.SendAsync("GET /healthz", null, ("X-Request-Id", sent));
            RawReply error = (await Http.SendAsync("GET /nowhere", null, ("X-Request-Id", sent))).Is(404, "route_not_found");
            Assert.All((RawReply[])[fine, error], reply => Assert.Matches(echoed ? $"^{sent}$" : "^req_[0-9a-f]{12}$", reply.Header("X-Request-Id")));
        }

        Assert.Matches("^req_[0-9a-f]{12}$", (await Http.SendAsync("GET /healthz")).Header("X-Request-Id"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T12")]
    public async Task Web_pages_are_kept_out()
    {
        (await Http.SendAsync("GET /sandboxes", null, Token, ("Host", "evil.example"))).Is(403, "host_not_allowed");
        (await Http.SendAsync("GET /sandboxes", null, Token, ("Origin", "http://evil.example"))).Is(403, "host_not_allowed");
        (await Http.SendAsync("GET /sandboxes", null, Token, ("Origin", "null"))).Is(403, "host_not_allowed");
        Assert.Equal(200, (await Http.SendAsync("GET /sandboxes", null, Token, ("Origin", $"http://{fixture.Daemon.Address}"))).Status);
        RawReply none = await Http.SendAsync("GET /sandboxes", null, Token, ("Host", "localhost:1"));
        Assert.Equal(200, none.Status);
        Assert.DoesNotContain(none.Headers, h => h.Name.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }
}
