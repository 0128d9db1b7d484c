using Sleigh.Network;
using Sleigh.Runtime.Networking;

namespace Sleigh.Runtime.Tests.Networking;

public sealed class RefusalLedgerTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly SandboxId Box = SandboxId.New();
    private static readonly NamespaceName First = NamespaceName.Parse("net_000000000001");
    private static readonly NamespaceName Second = NamespaceName.Parse("net_000000000002");

    private readonly RefusalLedger _ledger = new();

    [Fact]
    public void What_grows_is_told_once_and_not_sooner_than_ten_seconds_after_the_last_time()
    {
        Assert.Null(Hear(0));
        Assert.Equal(3, Hear(3, 5));
        Assert.Null(Hear(3, 60));
        Assert.Equal(4, Hear(7, 65));
        Assert.Null(Hear(9, 70));
        Assert.Equal(5, Hear(12, 75));
    }

    [Fact]
    public void Who_goes_on_is_told_of_less_and_less_often_until_there_was_quiet()
    {
        int[] told = [.. Enumerable.Range(0, 24 * 360).Where(tick => Hear(tick + 1, tick * 10) is not null).Select(tick => tick * 10)];

        Assert.Equal([0, 10, 30, 70, 150, 310, 630, 1270, 2170, 3070], told[..10]);
        Assert.True(told.Length < 110, $"{told.Length} in a day");
        Assert.NotNull(Hear(10_000, 90_000));
        Assert.NotNull(Hear(10_001, 90_010));
    }

    [Fact]
    public void Reasons_are_kept_apart()
    {
        _ledger.Hear(Box, First, new Refusals(1, 2, 3, 4), Start);

        Assert.Equal(new Refusals(0, 1, 0, 6), _ledger.Hear(Box, First, new Refusals(1, 3, 3, 10), Start.AddSeconds(10)));
    }

    [Fact]
    public void Another_namespace_begins_at_zero_and_the_pace_is_the_sandboxes()
    {
        Assert.Equal(9, Hear(9));
        Assert.Null(Hear(2, 5, Second));
        Assert.Equal(2, Hear(2, 15, Second));
        Assert.Null(Hear(2, 60, Second));
    }

    [Fact]
    public void What_was_there_at_the_start_is_not_told()
    {
        _ledger.Begin(Box, First, new Refusals(0, 5, 0, 0));

        Assert.Null(Hear(5));
        Assert.Equal(1, Hear(6, 1));
    }

    [Fact]
    public void Sandboxes_that_are_gone_are_forgotten()
    {
        Assert.Equal(5, Hear(5));
        _ledger.Keep(new HashSet<SandboxId>());
        Assert.Equal(5, Hear(5, 1));
    }

    private long? Hear(long counted, int second = 0, NamespaceName? network = null) =>
        _ledger.Hear(Box, network ?? First, new Refusals(0, counted, 0, 0), Start.AddSeconds(second))?.Total;
}
