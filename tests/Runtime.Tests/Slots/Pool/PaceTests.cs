using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots.Pool;

public sealed class PaceTests
{
    private static readonly RefillSample Idle =
        new(0, IsBusy: false, Making: 0, Available: 1, Cores: 2, MemoryShare: 0.5, TimeSpan.FromMilliseconds(80), TimeSpan.Zero);

    [Fact]
    public void An_idle_host_makes_one_for_each_core()
    {
        Assert.IsType<RefillDecision.Start>(RefillPace.Decide(Idle));
        Assert.IsType<RefillDecision.Start>(RefillPace.Decide(Idle with { Making = 1 }));
        Assert.IsType<RefillDecision.Wait>(RefillPace.Decide(Idle with { Making = 2 }));
    }

    [Fact]
    public void While_callers_wait_for_containers_of_their_own_none_is_made() =>
        Assert.IsType<RefillDecision.Wait>(RefillPace.Decide(Idle with { ColdWaiting = 1, IsBusy = true, Available = 0 }));

    [Fact]
    public void A_busy_host_makes_one_at_a_time_with_a_pause_as_long_as_the_make()
    {
        RefillSample busy = Idle with { IsBusy = true };

        Assert.IsType<RefillDecision.Wait>(RefillPace.Decide(busy with { Making = 1, SinceMake = TimeSpan.FromHours(1) }));
        Assert.Equal(
            TimeSpan.FromMilliseconds(50),
            Assert.IsType<RefillDecision.Wait>(RefillPace.Decide(busy with { SinceMake = TimeSpan.FromMilliseconds(30) })).Time);
        Assert.IsType<RefillDecision.Start>(RefillPace.Decide(busy with { SinceMake = TimeSpan.FromMilliseconds(80) }));
        Assert.IsType<RefillDecision.Start>(
            RefillPace.Decide(busy with { LastMake = TimeSpan.FromSeconds(9), SinceMake = TimeSpan.FromMilliseconds(100) }));
    }

    [Fact]
    public void An_empty_pool_is_not_paused() =>
        Assert.IsType<RefillDecision.Start>(RefillPace.Decide(Idle with { IsBusy = true, Available = 0 }));

    [Theory]
    [InlineData(0.149, true)]
    [InlineData(0.15, false)]
    public void Below_15_percent_of_memory_none_is_made(double share, bool refused) =>
        Assert.Equal(refused, RefillPace.Decide(Idle with { MemoryShare = share }) is RefillDecision.MemoryLow);

    [Fact]
    public void The_longer_the_queue_of_removals_the_less_they_stand_back()
    {
        TimeSpan[] patience = [.. Enumerable.Range(1, 200).Select(EndPace.Patience)];

        Assert.True(patience[0] > TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, patience[^1]);
        Assert.Equal(patience.OrderDescending(), patience);
    }

    [Fact]
    public async Task Callers_are_waited_for_no_longer_than_patience_allows()
    {
        Traffic traffic = new(TimeProvider.System);
        Assert.False(traffic.IsBusy);
        using (traffic.Enter())
        {
            Assert.True(traffic.IsBusy);
            await traffic.QuietAsync(TimeSpan.FromMilliseconds(30), CancellationToken.None);
            Assert.True(traffic.IsBusy);
        }

        Assert.True(traffic.IsBusy);
        await traffic.QuietAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(traffic.IsBusy);
        using (traffic.EnterCold())
        {
            Assert.Equal(1, traffic.ColdWaiting);
            Assert.True(traffic.IsBusy);
        }

        Assert.Equal(0, traffic.ColdWaiting);
    }
}
