using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.Memory;

public sealed class TakeBackTests
{
    private const long MiB = GrowthOptions.MiB;

    // The budget is what is short; MemAvailable is plenty.
    private static readonly LedgerHost Host = new(4096 * MiB, 4096 * MiB, 2048 * MiB, SwapFree: 100_000 * MiB);

    [Fact]
    public void The_unused_promise_of_the_idlest_comes_first_and_no_more_than_needed()
    {
        IReadOnlyList<TakeBack> plan = Plan(500, Line("needy", 700, 800), Line("small", 190, 384), Line("large", 190, 1024), Line("busy", 190, 2048) with { Idle = false });

        TakeBack step = Assert.Single(plan);
        Assert.Equal("large", step.Name);
        Assert.Equal((624 * MiB, 844 * MiB, 0, false), (step.Brake, step.Wall, step.Reclaim, step.Freeze));
        Assert.Equal("idle, 190 MB of 1344 MB needed: 500 MB for needy", step.Reason);
    }

    [Fact]
    public void A_second_one_is_taken_from_where_one_is_not_enough()
    {
        IReadOnlyList<TakeBack> plan = Plan(1200, Line("needy", 700, 800), Line("small", 190, 384), Line("large", 190, 1024));

        Assert.Equal(["large", "small"], plan.Select(step => step.Name));
        Assert.Equal((256 * MiB, 384 * MiB), (plan[0].Brake, plan[0].Wall));
    }

    [Fact]
    public void Page_cache_is_dropped_where_the_budget_is_short()
    {
        LedgerLine cached = Line("cached", 240, 256, cache: 140);

        TakeBack step = Assert.Single(Plan(50, Line("needy", 2000, 2048), cached));
        Assert.Equal((256 * MiB, 384 * MiB, 50 * MiB), (step.Brake, step.Wall, step.Reclaim));
        Assert.Equal(129 * MiB, Assert.Single(Plan(999, Line("needy", 2000, 2048), cached)).Reclaim);
    }

    [Fact]
    public void Page_cache_is_left_where_it_counts_as_available_already() =>
        Assert.Empty(MemoryLedger.PlanTakeBack(
            new LedgerHost(100_000 * MiB, 9_000 * MiB, 0), [Line("needy", 700, 800), Line("cached", 240, 256, cache: 140)], "needy", 50 * MiB, squeeze: false));

    [Fact]
    public void Idle_ones_of_lower_priority_are_squeezed_only_where_that_is_allowed_and_the_rest_is_not_enough()
    {
        LedgerLine[] lines = [Line("needy", 1000, 1024) with { Priority = 1 }, Line("low", 200, 256), Line("lower", 250, 256), Line("same", 250, 256) with { Priority = 1 }];

        Assert.Empty(Plan(100, lines));
        TakeBack step = Assert.Single(Plan(true, 100, lines));
        Assert.Equal(("lower", 256 * MiB, 100 * MiB, true), (step.Name, step.Brake, step.Reclaim, step.Freeze));
        Assert.Equal("idle and of lower priority: frozen and squeezed by 100 MB for needy", step.Reason);
        Assert.Equal(["lower", "low"], Plan(true, 5000, lines).Select(s => s.Name));
    }

    [Fact]
    public void Without_swap_only_page_cache_is_worth_freezing_for()
    {
        LedgerLine needy = Line("needy", 1000, 1024) with { Priority = 1 };
        LedgerHost swapless = Host with { SwapFree = 0 };

        Assert.Empty(MemoryLedger.PlanTakeBack(swapless, [needy, Line("low", 200, 256)], "needy", 100 * MiB, squeeze: true));
        TakeBack step = Assert.Single(MemoryLedger.PlanTakeBack(
            swapless, [needy, Line("low", 200, 256) with { Held = 120 * MiB }], "needy", 100 * MiB, squeeze: true));
        Assert.Equal((80 * MiB, true), (step.Reclaim, step.Freeze));
        Assert.Equal(30 * MiB, Assert.Single(MemoryLedger.PlanTakeBack(
            Host with { SwapFree = 30 * MiB }, [needy, Line("low", 200, 256)], "needy", 100 * MiB, squeeze: true)).Reclaim);
    }

    [Fact]
    public void Nothing_is_squeezed_where_unused_promises_are_enough() =>
        Assert.DoesNotContain(Plan(true, 500, Line("needy", 700, 800) with { Priority = 9 }, Line("large", 190, 1024), Line("low", 250, 256)), step => step.Freeze);

    [Fact]
    public void One_that_is_frozen_already_is_not_frozen_again() =>
        Assert.Empty(Plan(true, 100, Line("needy", 1000, 1024) with { Priority = 1 }, Line("low", 250, 256) with { Frozen = true }));

    [Fact]
    public void A_need_of_nothing_takes_nothing() => Assert.Empty(Plan(true, 0, Line("needy", 700, 800), Line("large", 190, 1024)));

    private static IReadOnlyList<TakeBack> Plan(int megabytes, params LedgerLine[] lines) => Plan(false, megabytes, lines);

    private static IReadOnlyList<TakeBack> Plan(bool squeeze, int megabytes, params LedgerLine[] lines) =>
        MemoryLedger.PlanTakeBack(Host, lines, "needy", megabytes * MiB, squeeze);

    private static LedgerLine Line(string name, int usage, int brake, int cache = 0) => LedgerTests.Line(name, usage, brake, cache, idle: true);
}
