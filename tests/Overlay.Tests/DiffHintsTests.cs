using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class DiffHintsTests
{
    private static readonly Guid _a = Guid.NewGuid();
    private static readonly Guid _b = Guid.NewGuid();
    private static readonly Guid _c = Guid.NewGuid();

    [Fact]
    public void Of_a_snapshot_and_the_live_files_it_was_taken_of_the_live_ones_have_changed_since()
    {
        (BtrfsLineage, bool) snapshot = (new(_a, _b, 7), true);
        (BtrfsLineage, bool) live = (new(_b, Guid.Empty, 3), false);

        Assert.Equal((true, 7UL), DiffHints.Choose(snapshot, live));
        Assert.Equal((false, 7UL), DiffHints.Choose(live, snapshot));
    }

    [Fact]
    public void Of_a_snapshot_and_what_was_restored_from_it_the_restored_files_have_changed_since_their_making()
    {
        (BtrfsLineage, bool) snapshot = (new(_a, _b, 7), true);
        (BtrfsLineage, bool) restored = (new(_c, _a, 9), false);

        Assert.Equal((true, 9UL), DiffHints.Choose(snapshot, restored));
        Assert.Equal((false, 9UL), DiffHints.Choose(restored, snapshot));
    }

    [Fact]
    public void Of_two_snapshots_of_the_same_files_the_later_one_has_the_changes()
    {
        (BtrfsLineage, bool) first = (new(_a, _c, 7), true);
        (BtrfsLineage, bool) second = (new(_b, _c, 9), true);

        Assert.Equal((true, 7UL), DiffHints.Choose(first, second));
        Assert.Equal((false, 7UL), DiffHints.Choose(second, first));
    }

    [Fact]
    public void What_has_gone_two_ways_is_not_told()
    {
        // Two live layers of one snapshot, two that are not related, and two without parents.
        Assert.Null(DiffHints.Choose((new(_a, _c, 7), false), (new(_b, _c, 9), false)));
        Assert.Null(DiffHints.Choose((new(_a, _c, 7), true), (new(_a, _c, 7), true)));
        Assert.Null(DiffHints.Choose((new(_a, _c, 7), true), (new(_b, _c, 9), false)));
        Assert.Null(DiffHints.Choose((new(_a, _b, 7), true), (new(_c, Guid.NewGuid(), 9), false)));
        Assert.Null(DiffHints.Choose((new(_a, Guid.Empty, 7), true), (new(_b, Guid.Empty, 9), true)));
        Assert.Null(DiffHints.Choose((new(_a, _b, 7), false), (new(_b, _c, 9), false)));
    }

    [Fact]
    public void What_was_received_has_changed_since_it_was_made_from_its_parent()
    {
        // Of two that were received, the earlier one has changes of its own behind its origin. What was made from one afterwards has its own alone.
        Assert.Null(DiffHints.Choose((new(_a, _c, 7, IsReceived: true), true), (new(_b, _c, 9, IsReceived: true), true)));
        Assert.Null(DiffHints.Choose((new(_a, _c, 7, IsReceived: true), true), (new(_b, _c, 9), true)));
        Assert.Null(DiffHints.Choose((new(_a, _c, 7), true), (new(_b, _c, 9, IsReceived: true), true)));
        Assert.Null(DiffHints.Choose((new(_a, _b, 7, IsReceived: true), true), (new(_b, Guid.Empty, 3), false)));
        Assert.Null(DiffHints.Choose((new(_b, Guid.Empty, 3), false), (new(_a, _b, 7, IsReceived: true), true)));
        Assert.Equal((true, 9UL), DiffHints.Choose((new(_a, _b, 7, IsReceived: true), true), (new(_c, _a, 9), false)));
        Assert.Equal((false, 9UL), DiffHints.Choose((new(_c, _a, 9), false), (new(_a, _b, 7, IsReceived: true), true)));
        Assert.Equal((true, 9UL), DiffHints.Choose((new(_a, _b, 7, IsReceived: true), true), (new(_c, _a, 9, IsReceived: true), true)));
    }
}
