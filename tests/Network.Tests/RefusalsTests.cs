namespace Sleigh.Network.Tests;

public sealed class RefusalsTests
{
    [Fact]
    public void Each_reason_has_a_counter_of_its_own_and_its_name_is_read_back()
    {
        string chain = NamespaceName.Parse("net_0123456789ab").ToString();

        Assert.Equal(
            ["net_0123456789ab_denied", "net_0123456789ab_protected", "net_0123456789ab_not_allowed", "net_0123456789ab_connections"],
            CounterName.All(chain));
        foreach (RefusalReason reason in Enum.GetValues<RefusalReason>())
        {
            Assert.True(CounterName.TryParse(CounterName.Of(chain, reason), out NamespaceName owner, out RefusalReason read));
            Assert.Equal((chain, reason), (owner.ToString(), read));
            Assert.Equal(3, new Refusals().With(reason, 1).With(reason, 2).Total);
        }

        foreach (string other in (string[])["net_0123456789ab", "net_0123456789ab_", "net_0123456789ab_others", "spoofed", "_denied", "net_xyz_denied", ""])
        {
            Assert.False(CounterName.TryParse(other, out _, out _), other);
        }
    }

    [Fact]
    public void What_has_come_since_is_never_below_zero_where_counters_began_anew()
    {
        Assert.Equal(new Refusals(1, 0, 3, 4), new Refusals(5, 2, 3, 4).Since(new Refusals(4, 2, 0, 9)));
        Assert.Equal(15, new Refusals(1, 2, 4, 8).Total);
    }
}
