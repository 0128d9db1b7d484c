using System.Text;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>The checklist's lines about sessions, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed class SessionLines(ContractFixture fixture)
{
    private const string Key = "the-key-of-these-tests";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("S2")]
    [ContractLine("S4")]
    [ContractLine("S5")]
    public async Task With_a_key_and_a_short_life_of_sessions()
    {
        await using TestDaemon daemon = new(("http.api_key", Key), ("sessions.idle_ttl_seconds", "3"), ("pool.size", "1"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        string image = await images.HaveAsync(TestImages.Busybox);
        RawHttp http = new(daemon.Address);
        (string, string) key = ("Authorization", $"Bearer {Key}");

        // S2: issue and admin need the key, from loopback too; a session's calls do not, and the key is no token.
        foreach (string line in (string[])["POST /sessions/token", "GET /metrics", "GET /warm-pool", "POST /warm-pool/refill"])
        {
            Assert.Equal("Bearer", (await http.SendAsync(line)).Is(401, "api_key_required").Header("WWW-Authenticate"));
            (await http.SendAsync(line, null, ("Authorization", "Bearer wrong"))).Is(401, "api_key_required");
            Assert.InRange((await http.SendAsync(line, null, key)).Status, 200, 201);
        }

        Assert.Equal(200, (await http.SendAsync("GET /healthz")).Status);
        (await http.SendAsync("GET /sandboxes", null, key)).Is(400, "session_token_required");
        string busy = await IssueAsync();
        string box = (string)(await http.SendAsync("POST /sandboxes", $$"""{"image":"{{image}}"}""", ("X-Session-Token", busy))).Json["sandbox_id"]!;
        string exec = (string)(await http.SendAsync($"POST /sandboxes/{box}/exec", """{"command":"sleep 60"}""", ("X-Session-Token", busy))).Json["id"]!;

        string revoked = await IssueAsync(), idle = await IssueAsync(), used = await IssueAsync();
        Assert.Equal(204, (await http.SendAsync($"DELETE /sessions/{revoked}", null, ("X-Session-Token", revoked))).Status);

        // S5: use moves the end of a session; a running command keeps its session.
        for (int i = 0; i < 10; i++)
        {
            await Task.Delay(500);
            Assert.Equal(200, (await http.SendAsync("GET /sandboxes", null, ("X-Session-Token", used))).Status);
        }

        RawReply expired = await http.SendAsync("GET /sandboxes", null, ("X-Session-Token", idle), ("X-Request-Id", "same"));
        RawReply alive = await http.SendAsync($"GET /sandboxes/{box}/exec/{exec}", null, ("X-Session-Token", busy));
        Assert.Equal((200, "running"), (alive.Status, (string?)alive.Json["status"]));

        // S4: all the same but for the request id.
        RawReply[] bad =
        [
            expired,
            await http.SendAsync("GET /sandboxes", null, ("X-Session-Token", revoked), ("X-Request-Id", "same")),
            await http.SendAsync("GET /sandboxes", null, ("X-Session-Token", "sess_00000000000000000000000000000000"), ("X-Request-Id", "same")),
            await http.SendAsync("GET /sandboxes", null, ("X-Session-Token", "nonsense"), ("X-Request-Id", "same")),
        ];
        Assert.All(bad, b => b.Is(401, "unauthenticated"));
        Assert.Single(bad.Select(b => b.Body).Distinct());
        Assert.Equal("unknown or expired session token", expired.Error);

        async Task<string> IssueAsync() => (string)(await http.SendAsync("POST /sessions/token", null, key)).Json["session_token"]!;
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("S3")]
    public async Task A_token_is_kept_nowhere()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string token = client.Token!;
        Assert.Matches("^sess_[0-9a-f]{32}$", token);
        RawHttp http = new(fixture.Daemon.Address);

        // In the body, in the query, in the path, in a label that is overwritten, in headers, and in calls that fail.
        JsonObject made = await client.CreateAsync(
            await fixture.Images.HaveAsync(TestImages.Busybox),
            new JsonObject { ["session_token"] = token, ["labels"] = new JsonObject { ["session_id"] = token }, ["name"] = "unseen" });
        string box = (string)made["sandbox_id"]!;
        Assert.Equal(client.SessionId, (string?)made["labels"]!["session_id"]);
        await client.RunAsync(box, "echo $SLEIGH_TOKEN; env", new JsonObject { ["session_token"] = token });
        string snapshot = await client.SnapshotAsync(box);
        await client.RollbackAsync(box, snapshot);
        await http.SendAsync($"GET /sessions/{token}?session_token={token}", null, ("X-Request-Id", token));
        await http.SendAsync($"GET /sessions/{token}/nowhere?session_token={token}");
        await http.SendAsync($"POST /sandboxes/{box}/exec?session_token={token}", $$"""{"session_token":"{{token}}","command":7}""");
        await http.SendAsync($"GET /sandboxes/{token}?session_token={token}");
        await http.SendAsync("POST /sandboxes", $$"""{"session_token":"{{token}}","image":"Not A Name"}""", ("Idempotency-Key", "unseen"));
        using EventStream events = await EventStream.OpenAsync(fixture.Daemon, client, $"/events?last_event_id=0&session_token={token}", null);
        Assert.Equal(client.SessionId, (string?)(await events.NextAsync())!.Data["session_id"]);

        await fixture.Daemon.KillAndRestartAsync();
        string[] files = [.. Directory.EnumerateFiles(fixture.Daemon.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device })];

        Assert.Contains(files, f => f.EndsWith(".db", StringComparison.Ordinal) && f.Contains("/d/", StringComparison.Ordinal));
        Assert.Contains(fixture.Daemon.LogFile, files);
        byte[] hex = Encoding.ASCII.GetBytes(token[5..]);
        Assert.DoesNotContain(files.Where(f => !f.Contains("/pool/", StringComparison.Ordinal) && !f.EndsWith(".img", StringComparison.Ordinal)), f => Holds(f, hex));
        Assert.Contains("/sessions/sess_***", await File.ReadAllTextAsync(fixture.Daemon.LogFile), StringComparison.Ordinal);
        await client.SendAsync("DELETE", $"/sessions/{client.SessionId}", null, 204);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("S6", Part = "by id")]
    public async Task A_session_ended_by_its_id_takes_all_with_it()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        await client.SnapshotAsync(box);
        string[] forks = await client.ForkAsync(box, 1);
        string exec = await client.StartAsync(box, "echo output; sleep 600");

        await client.SendAsync("DELETE", $"/sessions/{client.SessionId}", null, 204);

        Assert.Equal(401, (await client.CallAsync("GET", "/sandboxes")).Status);
        Assert.All((string[])[box, forks[0]], id => Assert.Equal(404, administrator.CallAsync("GET", $"/sandboxes/{id}").Result.Status));
        JsonObject execs = await administrator.SendAsync("GET", $"/admin/execs?session_id={client.SessionId}", null, 200);
        Assert.Empty(execs["items"]!.AsArray());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(fixture.Daemon.DataDir, "execs"), $"*{exec[5..]}*", SearchOption.AllDirectories));
        await Consistency.SettledAsync(fixture.Daemon);
    }

    // Sockets and pipes are of no length; what goes away meanwhile holds no text.
    private static bool Holds(string file, byte[] text)
    {
        try
        {
            return new FileInfo(file).Length > 0 && File.ReadAllBytes(file).AsSpan().IndexOf(text) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
