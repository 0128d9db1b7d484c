namespace Sleigh.Runtime.Tests.Snapshots;

public sealed class UndoPathTests
{
    private readonly List<Snapshot> _own = [];

    [Fact]
    public void Changed_files_go_back_to_what_they_stand_on_and_unchanged_ones_to_what_was_before()
    {
        Snapshot first = Take(null);
        Snapshot second = Take(first);
        Snapshot third = Take(second);

        Assert.Equal([third, second, first], UndoPath.Find(_own, third.Id, hasChanged: true));
        Assert.Equal([second, first], UndoPath.Find(_own, third.Id, hasChanged: false));
        Assert.Empty(UndoPath.Find(_own, first.Id, hasChanged: false));
    }

    [Fact]
    public void States_that_are_the_same_as_the_one_before_are_no_step()
    {
        Snapshot first = Take(null);
        Snapshot same = Take(first, isSame: true);
        Snapshot sameAgain = Take(same, isSame: true);
        Snapshot other = Take(sameAgain);

        Assert.Equal([other, sameAgain], UndoPath.Find(_own, other.Id, hasChanged: true));
        Assert.Equal([sameAgain], UndoPath.Find(_own, other.Id, hasChanged: false));
        Assert.Empty(UndoPath.Find(_own, sameAgain.Id, hasChanged: false));
        Assert.Equal([same], UndoPath.Find(_own, same.Id, hasChanged: true));
    }

    [Fact]
    public void The_way_ends_where_a_snapshot_is_another_sandboxs_and_follows_parents_only()
    {
        Snapshot first = Take(null) with { Parent = SnapshotId.New() };
        _own[0] = first;
        Snapshot left = Take(first);
        Snapshot right = Take(first);

        Assert.Equal([right, first], UndoPath.Find(_own, right.Id, hasChanged: true));
        Assert.Equal([first], UndoPath.Find(_own, left.Id, hasChanged: false));
        Assert.Empty(UndoPath.Find(_own, SnapshotId.New(), hasChanged: true));
        Assert.Empty(UndoPath.Find(_own, null, hasChanged: true));
    }

    private Snapshot Take(Snapshot? parent, bool isSame = false)
    {
        Snapshot taken = SomeSnapshot.With(s => s with { Parent = parent?.Id, IsSameAsParent = isSame });
        _own.Add(taken);
        return taken;
    }
}
