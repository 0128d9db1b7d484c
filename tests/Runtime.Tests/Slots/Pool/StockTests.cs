using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots.Pool;

public sealed class StockTests
{
    [Fact]
    public async Task It_is_filled_to_its_size_and_no_further()
    {
        await using FakeStock world = new(size: 3, max: 10);

        world.Stock.Start();
        await world.FilledAsync(3);
        await Task.Delay(50);

        Assert.Equal(new StockFigures(3, 3, 0, Made: 3, Dropped: 0), world.Stock.Figures);
    }

    [Fact]
    public async Task What_is_taken_is_the_oldest_and_is_replaced()
    {
        await using FakeStock world = new(size: 2, max: 2);
        FakeStock.Item[] found = [new("found 1"), new("found 2")];
        Array.ForEach(found, world.Stock.Add);
        world.Stock.Start();

        Assert.True(world.Stock.TryTake(out FakeStock.Item? first));

        Assert.Equal(found[0], first);
        await world.FilledAsync(2);
        Assert.Single(world.Made);
        first.Die();
        await Task.Delay(20);
        Assert.Empty(world.Ended);
    }

    [Fact]
    public async Task An_empty_stock_gives_nothing_and_does_not_wait()
    {
        await using FakeStock world = new(size: 0, max: 0);
        world.Stock.Start();

        Assert.False(world.Stock.TryTake(out _));
        await world.Stock.FilledAsync(CancellationToken.None);
        await Task.Delay(20);

        Assert.Empty(world.Made);
    }

    [Fact]
    public async Task One_that_dies_is_dropped_at_once_and_replaced()
    {
        await using FakeStock world = new(size: 2, max: 2);
        world.Stock.Start();
        await world.FilledAsync(2);

        world.Made.First().Die();
        await FakeStock.UntilAsync(() => world.Made.Count == 3 && !world.Ended.IsEmpty, () => $"{world.Stock.Figures}");
        await world.FilledAsync(2);

        Assert.Equal(1, world.Stock.Figures.Dropped);
        Assert.Equal(world.Made.First(), Assert.Single(world.Ended));
    }

    [Fact]
    public async Task One_found_dead_when_it_is_taken_is_passed_over()
    {
        await using FakeStock world = new(size: 2, max: 2);
        FakeStock.Item[] found = [new("found 1") { IsAlive = false }, new("found 2")];
        Array.ForEach(found, world.Stock.Add);

        Assert.True(world.Stock.TryTake(out FakeStock.Item? item));

        Assert.Equal((found[1], 1), (item, world.Stock.Figures.Dropped));
    }

    [Fact]
    public async Task One_that_does_not_answer_is_dropped_and_replaced()
    {
        await using FakeStock world = new(
            size: 2, max: 2, new StockLimits(0, 0) { PingEvery = TimeSpan.FromMilliseconds(10), PingLimit = TimeSpan.FromMilliseconds(200) });
        world.Stock.Start();
        await world.FilledAsync(2);

        world.Made.Last().Answers = false;
        await FakeStock.UntilAsync(() => world.Made.Count >= 3 && !world.Ended.IsEmpty, () => $"{world.Stock.Figures}");

        Assert.Contains(world.Made.ElementAt(1), world.Ended);
        Assert.DoesNotContain(world.Made.First(), world.Ended);
        Assert.True(world.Made.First().Pings > 0);
    }

    [Fact]
    public async Task After_a_failure_it_tries_again_later_and_who_waits_is_answered()
    {
        await using FakeStock world = new(size: 1, max: 1, new StockLimits(0, 0) { RetryAfterFailure = TimeSpan.FromMilliseconds(300) });
        int failures = 0;
        world.BeforeMake = _ => ++failures < 3 ? Task.FromException(new IOException("no")) : Task.CompletedTask;
        world.Stock.Start();
        await FakeStock.UntilAsync(() => failures == 1, () => "never tried");

        // Asking for it is reason enough to try at once.
        await world.Stock.FilledAsync(CancellationToken.None);

        Assert.Equal((2, 0), (failures, world.Stock.Figures.Available));
        await world.FilledAsync(1);
    }

    [Fact]
    public async Task Nothing_is_made_while_memory_is_low_and_who_waits_is_answered()
    {
        await using FakeStock world = new(size: 1, max: 1) { MemoryShare = 0.149 };
        world.Stock.Start();

        await world.Stock.FilledAsync(CancellationToken.None);
        Assert.Empty(world.Made);

        world.MemoryShare = 0.15;
        await world.Stock.FilledAsync(CancellationToken.None);
        Assert.Equal(1, world.Stock.Figures.Available);
    }

    [Fact]
    public async Task Callers_who_wait_for_a_container_of_their_own_go_first()
    {
        await using FakeStock world = new(size: 1, max: 1);
        using (world.Traffic.EnterCold())
        {
            world.Stock.Start();
            await Task.Delay(100);
            Assert.Empty(world.Made);
        }

        await world.FilledAsync(1);
    }

    [Fact]
    public async Task A_rush_raises_what_is_kept_up_to_the_maximum()
    {
        await using FakeStock world = new(size: 1, max: 4);
        world.Stock.Start();
        await world.FilledAsync(1);
        using (world.Traffic.EnterCold())
        {
            for (int i = 0; i < 9; i++)
            {
                world.Stock.TryTake(out _);
            }
        }

        await world.FilledAsync(4);

        Assert.Equal(4, world.Stock.Figures.Target);
    }

    [Fact]
    public async Task What_was_found_beyond_the_maximum_is_ended_one_after_the_other()
    {
        await using FakeStock world = new(size: 1, max: 1);
        FakeStock.Item[] found = [.. Enumerable.Range(0, 5).Select(i => new FakeStock.Item($"found {i}"))];
        Array.ForEach(found, world.Stock.Add);

        world.Stock.Start();
        await FakeStock.UntilAsync(() => world.Ended.Count == 4, () => $"{world.Stock.Figures}");

        Assert.Equal(found[..4], world.Ended);
        Assert.Equal((1, 1), (world.MostEndingAtOnce, world.Stock.Figures.Available));
        Assert.Empty(world.Made);
    }

    [Fact]
    public async Task A_stop_gives_up_what_is_being_made_and_gives_back_what_is_there()
    {
        await using FakeStock world = new(size: 2, max: 2);
        FakeStock.Item found = new("found");
        world.Stock.Add(found);
        TaskCompletionSource begun = new();
        world.BeforeMake = token =>
        {
            begun.TrySetResult();
            return Task.Delay(Timeout.Infinite, token);
        };
        world.Stock.Start();
        await begun.Task;

        Assert.Equal([found], await world.Stock.StopAsync());

        found.Die();
        await Task.Delay(20);
        Assert.Equal(new StockFigures(0, 2, 0, Made: 0, Dropped: 0), world.Stock.Figures);
    }
}
