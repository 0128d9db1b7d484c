using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Linux.Sqlite;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The history of commands, and what goes when its time is over, across kills of a real daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class HistoryTests
{
    private const int PageSize = 7;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("H1", Part = "against the daemon")]
    public async Task Pages_join_over_a_kill_and_outlive_their_sandbox_until_retention_takes_them_and_old_snapshots()
    {
        await using TestDaemon daemon = new(("pool.size", "1"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string gone = await client.NewAsync(image);
        string box = await client.NewAsync(image);
        List<string> ids = [];
        for (int i = 0; i < 16; i++)
        {
            // The first prints more than a result shows, and its sandbox goes.
            string command = i == 0 ? "yes ä | head -c 100000" : $"echo {i}";
            ids.Insert(0, (await client.ExecAsync(i % 2 == 0 ? gone : box, command)).Id);
        }

        string oldSnapshot = await client.SnapshotAsync(box);
        string used = await client.SnapshotAsync(box);
        Assert.Equal(["stays", $"{oldSnapshot} ends"], await SnapshotsAsync(client, box, oldSnapshot));
        string running = await client.StartAsync(box, "sleep 600");
        ids.Insert(0, running);

        JsonObject first = await PageAsync(client, client.Token!, null);
        Assert.Equal("...(truncated stdout: omitted 63667 runes, showing last 3000)", ((string)(await LastAsync(client))["stdout"]!).Split('\n')[0]);
        await client.DeleteAsync(gone);
        await daemon.KillAndRestartAsync();
        List<JsonObject> all = [.. Items(first)];
        for (string? cursor = (string?)first["next_cursor"]; cursor is not null;)
        {
            JsonObject page = await PageAsync(client, client.SessionId!, cursor);
            all.AddRange(Items(page));
            cursor = (string?)page["next_cursor"];
        }

        Assert.Equal(ids, all.Select(e => (string)e["id"]!));
        Assert.Equal(("running", "15\n", 3L), ((string)all[0]["status"]!, (string)all[1]["stdout"]!, (long)all[1]["stdout_bytes"]!));
        JsonObject oldest = all[^1];
        Assert.Equal((gone, "", 100_000L), ((string)oldest["sandbox_id"]!, (string)oldest["stdout"]!, (long)oldest["stdout_bytes"]!));

        // Fifteen days pass, but for the one that runs and for what began lately.
        await daemon.TerminateAsync();
        string kept = ids[1];
        Age(daemon, TimeSpan.FromDays(15), $"completed IS NOT NULL AND id <> '{kept}'");
        daemon.Set("maintenance.interval_seconds", "1");
        await daemon.StartAsync();
        await Poll.UntilAsync(
            async () => Items(await PageAsync(client, client.Token!, null)).Count == 2 && (await SnapshotsAsync(client, box, oldSnapshot)).Length == 1, 30, () => $"retention took nothing:\n{daemon.LogTail}");

        Assert.Equal([running, kept], Items(await PageAsync(client, client.Token!, null)).Select(e => (string)e["id"]!));
        Assert.Equal(["stays"], await SnapshotsAsync(client, box, used));
        Assert.Equal([kept, running], Directory.GetDirectories(Path.Combine(daemon.DataDir, "execs")).Select(Path.GetFileName).Intersect(ids).Order().OrderBy(n => n == running));
        Assert.Equal(404, (await client.CallAsync("GET", $"/sandboxes/{box}/exec/{ids[3]}")).Status);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        JsonObject nothing = await administrator.SendAsync("POST", "/maintenance/exec-tasks/cleanup", null, 200);
        Assert.Equal(0, (int)nothing["deleted_rows"]!);
        Assert.Equal(
            DateTimeOffset.UtcNow.AddDays(-14).ToUnixTimeSeconds(),
            DateTimeOffset.Parse((string)nothing["before"]!, CultureInfo.InvariantCulture).ToUnixTimeSeconds(), 30.0);

        async Task<JsonObject> LastAsync(DaemonClient of) => Items(await of.SendAsync("GET", $"/sessions/{of.Token}/exec-tasks?limit=200", null, 200))[^1];
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Quotas_hold_for_calls_at_the_same_moment_and_a_key_finds_its_command_after_a_kill()
    {
        await using TestDaemon daemon = new(
            ("pool.size", "4"), ("limits.sandboxes_per_session", "3"), ("limits.snapshots_per_sandbox", "1"), ("exec.max_running_per_sandbox", "5"),
            ("limits.creates_per_minute_per_session", "8"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        using HttpClient http = new() { BaseAddress = new Uri($"http://{daemon.Address}"), Timeout = TimeSpan.FromMinutes(1) };

        (int Status, JsonObject Body, string? RetryAfter)[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CallAsync("/sandboxes", new JsonObject { ["image"] = image })));
        Assert.Equal([201, 201, 201, 429, 429, 429, 429, 429], made.Select(m => m.Status).Order());
        Assert.All(made.Where(m => m.Status == 429), m => Assert.Equal(("sandboxes_per_session", 3, "5"), ((string)m.Body["details"]!["quota"]!, (int)m.Body["details"]!["limit"]!, m.RetryAfter)));
        string[] boxes = [.. made.Where(m => m.Status == 201).Select(m => (string)m.Body["sandbox_id"]!)];

        // Five starts of eight are left to spend: one for this fork, then a fork of six is too many.
        string box = boxes[0];
        await client.DeleteAsync(boxes[1]);
        await client.SnapshotAsync(box);
        Assert.Equal("snapshots_per_sandbox", (string?)(await client.SendAsync("POST", $"/sandboxes/{box}/snapshots", null, 429))["details"]!["quota"]);
        string snapshot = (string)(await client.SendAsync("GET", $"/sandboxes/{box}/snapshots", null, 200))["items"]![0]!["id"]!;
        await client.DeleteAsync((await client.ForkAsync(box, 1, snapshot))[0]);
        daemon.Set("limits.sandboxes_per_session", "0");
        using (DaemonClient administrator = DaemonClient.Administrator(daemon))
        {
            await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        }

        (int status, JsonObject refused, string? retryAfter) = await CallAsync($"/sandboxes/{box}/fork", new JsonObject { ["count"] = 7, ["snapshot_id"] = snapshot });
        Assert.Equal((429, "rate_limited"), (status, (string)refused["code"]!));
        Assert.InRange(int.Parse(retryAfter!, CultureInfo.InvariantCulture), 1, 23);

        (int Status, JsonObject Body, string? RetryAfter)[] started =
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CallAsync($"/sandboxes/{box}/exec", new JsonObject { ["command"] = "sleep 600" })));
        Assert.Equal((5, 15), (started.Count(s => s.Status == 202), started.Count(s => s.Status == 429)));
        Assert.Equal(5, (int)(await client.SendAsync("GET", $"/sessions/{client.SessionId}", null, 200))["running_execs"]!);
        string freed = (string)started.First(s => s.Status == 202).Body["id"]!;
        await client.CancelAsync(box, freed);
        await client.FinalAsync(box, freed);

        JsonObject command = new() { ["command"] = "echo once >> /root/count; sleep 600" };
        string id = (string)(await CallAsync($"/sandboxes/{box}/exec", command, "once")).Body["id"]!;
        await daemon.KillAndRestartAsync();
        (_, JsonObject again, _) = await CallAsync($"/sandboxes/{box}/exec", command, "once");
        Assert.Equal((id, "running"), ((string)again["id"]!, (string)again["status"]!));
        Assert.Equal(409, (await CallAsync($"/sandboxes/{box}/exec", new JsonObject { ["command"] = "true" }, "once")).Status);

        // Those that ran before the kill count after it.
        Assert.Equal(429, (await CallAsync($"/sandboxes/{box}/exec", new JsonObject { ["command"] = "true" })).Status);
        await client.CancelAsync(box, id);
        await client.FinalAsync(box, id);
        Assert.Equal("once\n", await client.RunAsync(box, "cat /root/count"));

        async Task<(int Status, JsonObject Body, string? RetryAfter)> CallAsync(string path, JsonObject body, string? key = null)
        {
            using StringContent content = new(body.ToJsonString());
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = content };
            request.Headers.Add("X-Session-Token", client.Token);
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            using HttpResponseMessage reply = await http.SendAsync(request);
            return ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync())!.AsObject(), reply.Headers.RetryAfter?.ToString());
        }
    }

    private static Task<JsonObject> PageAsync(DaemonClient client, string session, string? cursor) =>
        client.SendAsync("GET", $"/sessions/{session}/exec-tasks?limit={PageSize}{(cursor is null ? "" : $"&cursor={cursor}")}", null, 200);

    private static List<JsonObject> Items(JsonObject page) => [.. page["items"]!.AsArray().Select(i => i!.AsObject())];

    // Newest first; what has an end is named and must be the snapshot that is expected to have one.
    private static async Task<string[]> SnapshotsAsync(DaemonClient client, string box, string ends) =>
    [
        .. (await client.SendAsync("GET", $"/sandboxes/{box}/snapshots", null, 200))["items"]!.AsArray()
            .Select(s => s!["expires_at"] is null ? "stays" : (string)s["id"]! == ends ? $"{ends} ends" : "another ends"),
    ];

    private static void Age(TestDaemon daemon, TimeSpan by, string execs)
    {
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(daemon.DataDir, "sleigh.db"), Schema(daemon));
        long milliseconds = (long)by.TotalMilliseconds;
        database.Write(db =>
        {
            db.Execute($"UPDATE execs SET started = started - {milliseconds}, completed = completed - {milliseconds} WHERE {execs}");
            db.Execute($"UPDATE snapshots SET created = created - {milliseconds}");
        });
    }

    // As many steps as the file has seen, so that none of them is run. In order ended, the daemon has left nothing in the log beside it.
    private static string[] Schema(TestDaemon daemon)
    {
        byte[] head = new byte[64];
        using FileStream file = File.OpenRead(Path.Combine(daemon.DataDir, "sleigh.db"));
        file.ReadExactly(head);
        return new string[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(60))];
    }
}
