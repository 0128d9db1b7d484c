namespace Sleigh.Overlay.Tests;

public sealed class TreeOwnersTests
{
    private static readonly TreeOwners Moved = new(2_147_483_648, 2_147_483_645);

    [Fact]
    public void Plain_owners_are_the_same_on_both_sides()
    {
        TreeOwners plain = default;

        Assert.Equal((0u, 4_000_000_000u, 7u), (plain.Outside(0), plain.Outside(4_000_000_000), plain.Inside(7)));
        Assert.True(plain.Has(4_000_000_000));
    }

    [Fact]
    public void Moved_ones_are_moved_there_and_back_and_what_is_not_of_the_range_stays()
    {
        Assert.Equal((2_147_483_648u, 2_147_484_648u), (Moved.Outside(0), Moved.Outside(1000)));
        Assert.Equal((0u, 1000u, 0u), (Moved.Inside(2_147_483_648), Moved.Inside(2_147_484_648), Moved.Inside(0)));
        Assert.Equal((true, false), (Moved.Has(2_147_483_644), Moved.Has(2_147_483_645)));
    }
}
