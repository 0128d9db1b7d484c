using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary><c>/admin/fsck</c>.</summary>
public sealed class FsckTests
{
    [Fact]
    public async Task A_look_tells_what_was_looked_at_and_what_is_wrong_and_a_post_mends()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Fsck.Findings.Add(new FsckFinding("unnamed_layer", "lyr-0123456789ab", FsckOutcome.Repairable, "It only takes space."));
        api.Fsck.Findings.Add(new FsckFinding("database", "/d/sleigh.db", FsckOutcome.Manual, "Restore a backup."));

        Answer look = await api.SendAsync("GET", "/admin/fsck");
        Answer mend = await api.SendAsync("POST", "/admin/fsck");

        Assert.Equal(
            """{"looked_at":{"sandboxes":3,"snapshots":5,"live_layers":4,"sealed_layers":5,"mounts":1},"items":[{"kind":"unnamed_layer","subject":"lyr-0123456789ab","outcome":"repairable","explanation":"It only takes space."},{"kind":"database","subject":"/d/sleigh.db","outcome":"manual","explanation":"Restore a backup."}]}""",
            look.Body);
        Assert.Equal(200, mend.Status);
        Assert.Contains("\"outcome\":\"repaired\"", mend.Body, StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"manual\"", mend.Body, StringComparison.Ordinal);
    }
}
