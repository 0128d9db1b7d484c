namespace Sleigh.Runtime.Tests.Snapshots;

public sealed class SurplusSnapshotsTests
{
    private static readonly HashSet<SnapshotId> Nowhere = [];

    [Fact]
    public void The_oldest_automatic_ones_go_and_no_other()
    {
        Snapshot[] all = [Auto(), Manual(), Auto(), Auto(), Manual(), Auto()];

        Assert.Equal([all[0], all[2]], SurplusSnapshots.Find(all, Nowhere, 2, 0));
        Assert.Empty(SurplusSnapshots.Find(all, Nowhere, 4, 0));
    }

    [Fact]
    public void Kept_ones_and_those_that_live_files_stand_on_stay_and_younger_ones_go_for_the_latter()
    {
        Snapshot[] all = [Auto(isKept: true), Auto(), Auto(), Auto(), Auto()];

        Assert.Equal([all[2], all[3]], SurplusSnapshots.Find(all, new HashSet<SnapshotId> { all[1].Id }, 2, 0));
        Assert.Empty(SurplusSnapshots.Find([.. all.Take(3)], new HashSet<SnapshotId> { all[1].Id, all[2].Id }, 1, 0));
    }

    [Fact]
    public void The_most_of_all_counts_every_kind_and_what_goes_already()
    {
        Snapshot[] all = [Manual(isKept: true), Manual(), Auto(), Manual(), Auto(), Manual()];

        Assert.Equal([all[1], all[2], all[3]], SurplusSnapshots.Find(all, Nowhere, 20, 3));
        Assert.Equal([all[1], all[2]], SurplusSnapshots.Find(all, Nowhere, 1, 4));
        Assert.Equal([all[2]], SurplusSnapshots.Find(all, Nowhere, 1, 6));
        Assert.Empty(SurplusSnapshots.Find(all, new HashSet<SnapshotId>(all.Select(s => s.Id)), 1, 1));
    }

    private static Snapshot Auto(bool isKept = false) => SomeSnapshot.With(s => s with { IsAutomatic = true, IsKept = isKept });

    private static Snapshot Manual(bool isKept = false) => SomeSnapshot.With(s => s with { IsKept = isKept });
}
