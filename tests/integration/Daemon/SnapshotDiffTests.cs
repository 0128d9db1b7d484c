using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Endpoint 36 against real sandboxes (checklist N6).</summary>
[Collection(DaemonCollection.Name)]
public sealed class SnapshotDiffTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task N6_added_modified_deleted_type_changes_and_pages_between_snapshots_and_live()
    {
        DaemonClient client = fixture.Client;
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir -p /app/old/deep; printf 117 > /app/main.py; echo x > /app/old/deep/f; ln -s a /app/link; mkdir /app/kind; echo same > /app/same");
        string first = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("""
            printf 1177 > /app/main.py; printf %0119d 0 > /app/new.txt; rm -r /app/old; ln -sf b /app/link; rm -r /app/kind; echo f > /app/kind; chmod 600 /app/same
            echo x > /dev/shm/x; touch /app/new-socket; rm /app/new-socket; rm -r /root /etc/group
            """);

        JsonObject live = await DiffAsync(first, "prefix=/app");
        Assert.Equal(
            """{"added":1,"modified":4,"deleted":3,"bytes_added":122}""", live["summary"]!.ToJsonString());
        Assert.Equal(
            [
                """{"path":"/app/kind","change":"type_changed","kind":"file","size_after":2,"mode_before":"0755","mode_after":"0644"}""",
                """{"path":"/app/link","change":"modified","kind":"symlink"}""",
                """{"path":"/app/main.py","change":"modified","kind":"file","size_before":3,"size_after":4}""",
                """{"path":"/app/new.txt","change":"added","kind":"file","size_after":119,"mode_after":"0644"}""",
                """{"path":"/app/old","change":"deleted","kind":"dir","mode_before":"0755"}""",
                """{"path":"/app/old/deep","change":"deleted","kind":"dir","mode_before":"0755"}""",
                """{"path":"/app/old/deep/f","change":"deleted","kind":"file","size_before":2,"mode_before":"0644"}""",
                """{"path":"/app/same","change":"modified","kind":"file","size_before":5,"size_after":5,"mode_before":"0644","mode_after":"0600"}""",
            ],
            Items(live));
        Assert.Equal((first, "live"), ((string)live["from"]!, (string)live["to"]!));

        // Of the image.
        JsonObject all = await DiffAsync(first, "");
        Assert.Contains("""{"path":"/root","change":"deleted","kind":"dir","mode_before":"0755"}""", Items(all));
        Assert.Contains(Items(all), i => i.StartsWith("""{"path":"/etc/group","change":"deleted","kind":"file",""", StringComparison.Ordinal));
        Assert.DoesNotContain(Items(all), i => i.Contains("\"/dev", StringComparison.Ordinal) || i.Contains("\"/proc", StringComparison.Ordinal) || i.Contains("\"/etc/hosts", StringComparison.Ordinal));

        List<string> paged = [];
        string cursor = "";
        do
        {
            JsonObject page = await DiffAsync(first, $"limit=3{cursor}");
            paged.AddRange(Items(page));
            Assert.Equal(all["summary"]!.ToJsonString(), page["summary"]!.ToJsonString());
            cursor = page["next_cursor"] is JsonNode next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(Items(all), paged);

        // Backwards, over a rollback, and while the sandbox has exited.
        string second = await sandbox.SnapshotAsync();
        Assert.Equal(Items(all), Items(await DiffAsync(first, $"to={second}")));
        JsonObject back = await DiffAsync(second, $"to={first}&prefix=/app/new.txt");
        Assert.Equal(["""{"path":"/app/new.txt","change":"deleted","kind":"file","size_before":119,"mode_before":"0644"}"""], Items(back));
        await sandbox.RollbackAsync(first);
        Assert.Empty(Items(await DiffAsync(first, "")));
        await sandbox.RunAsync("echo late > /late");
        await SandboxEnd.KillInitAsync(fixture.Daemon, client, sandbox);
        Assert.Equal(["""{"path":"/late","change":"added","kind":"file","size_after":5,"mode_after":"0644"}"""], Items(await DiffAsync(first, "")));
        (int status, JsonObject none) = await client.CallAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{first}/diff?to=snap_00000000ffff");
        Assert.Equal((404, "snapshot_not_found"), (status, (string)none["code"]!));

        Task<JsonObject> DiffAsync(string from, string query) => client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{from}/diff?{query}", null, 200);
    }

    private static string[] Items(JsonObject diff) => [.. diff["items"]!.AsArray().Select(i => i!.ToJsonString())];
}
