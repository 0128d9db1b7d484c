using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>Callers who go away in the middle of a change.</summary>
[Collection(ContractCollection.Name)]
public sealed class LostConnectionLines(ContractFixture fixture)
{
    private const int Seed = 20_260_105;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T11")]
    public async Task A_change_whose_caller_goes_is_done_or_undone_and_leaves_nothing()
    {
        Random random = new(Seed);
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string box = await client.NewAsync(image);
        await client.RunAsync(box, "echo kept > /file");
        string snapshot = await client.SnapshotAsync(box);
        RawHttp http = new(fixture.Daemon.Address);
        (string, string) token = ("X-Session-Token", client.Token!);

        for (int i = 0; i < 40; i++)
        {
            (string path, string body) = (i % 5) switch
            {
                0 => ($"/sandboxes/{box}/snapshots", "{}"),
                1 => ($"/sandboxes/{box}/rollback", $$"""{"snapshot_id":"{{snapshot}}"}"""),
                2 => ("/sandboxes", $$"""{"image":"{{image}}"}"""),
                3 => ($"/sandboxes/{box}/mounts", $$"""{"workspace_path":"/data","container_path":"/m{{i}}"}"""),
                _ => ($"/sandboxes/{box}/fork", """{"count":2}"""),
            };
            await http.SendAndLeaveAsync($"POST {path}", body, TimeSpan.FromMilliseconds(random.Next(0, 12)), token);
        }

        // Every change that had begun ends, this one last; then records and host agree, and all that is listed works.
        await client.SnapshotAsync(box);
        await Consistency.SettledAsync(fixture.Daemon);
        Assert.Equal("kept\n", await client.RunAsync(box, "cat /file"));
        JsonArray boxes = (await client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray();
        foreach (JsonNode? item in boxes)
        {
            Assert.Equal("works\n", await client.RunAsync((string)item!["sandbox_id"]!, "echo works"));
        }

        JsonArray mounts = (await client.SendAsync("GET", $"/sandboxes/{box}/mounts", null, 200))["items"]!.AsArray();
        string seen = await client.RunAsync(box, "grep -o ' /m[0-9]* ' /proc/self/mountinfo | tr -d ' ' | sort");
        Assert.Equal(mounts.Select(m => (string)m!["container_path"]!).Order(StringComparer.Ordinal), seen.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        JsonArray snapshots = (await client.SendAsync("GET", $"/sandboxes/{box}/snapshots", null, 200))["items"]!.AsArray();
        Assert.Contains(snapshots, s => (string?)s!["name"] == "fork");
        Assert.True(snapshots.Count > 2, $"only {snapshots.Count} snapshots: a change that had begun was not finished");
        await client.RollbackAsync(box, (string)snapshots[0]!["id"]!);
        Assert.Equal("kept\n", await client.RunAsync(box, "cat /file"));
        await client.SendAsync("DELETE", $"/sessions/{client.SessionId}", null, 204);
        await Consistency.SettledAsync(fixture.Daemon);
    }
}
