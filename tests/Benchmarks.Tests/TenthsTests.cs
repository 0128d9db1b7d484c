using Sleigh.Benchmarks.Host.Snapshots;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class TenthsTests
{
    [Fact]
    public void The_first_and_the_last_tenth_stand_beside_each_other_whatever_is_between()
    {
        double[] times = [4, 2, 3, .. Enumerable.Repeat(1000.0, 24), 6, 9, 7];

        Assert.Equal(new Tenths(3, 3, 7), Tenths.Of(times));
        Assert.Equal(7.0 / 3, Tenths.Of(times).Ratio);
    }

    [Fact]
    public void Of_fewer_than_ten_a_tenth_is_one() => Assert.Equal(new Tenths(1, 5, 8), Tenths.Of([5, 6, 8]));
}
