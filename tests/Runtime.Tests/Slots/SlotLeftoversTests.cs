using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class SlotLeftoversTests
{
    private readonly ManualTime _time = new();
    private readonly SlotId _slot = SlotId.New();
    private int _tries;
    private int _failures;

    [Fact]
    public async Task A_slot_is_tried_after_longer_and_longer_waits_until_it_is_gone()
    {
        _failures = 3;
        await using SlotLeftovers leftovers = new(DestroyAsync, _time, NullLogger.Instance);
        leftovers.Add(_slot, new IOException("containerd is away"));

        foreach ((int seconds, int tries) in new[] { (5, 1), (10, 2), (20, 3), (40, 4) })
        {
            await _time.HasTimersAsync(1);
            _time.Advance(TimeSpan.FromSeconds(seconds - 1));
            Assert.Equal(tries - 1, _tries);
            _time.Advance(TimeSpan.FromSeconds(1));
            await TriedAsync(tries);
        }

        await GoneAsync(leftovers);
    }

    [Fact]
    public async Task A_slot_that_is_added_twice_is_tried_once_at_a_time()
    {
        await using SlotLeftovers leftovers = new(DestroyAsync, _time, NullLogger.Instance);
        leftovers.Add(_slot, new TimeoutException());
        leftovers.Add(_slot, new TimeoutException());
        Assert.Equal(1, leftovers.Count);

        await _time.HasTimersAsync(1);
        _time.Advance(TimeSpan.FromSeconds(5));

        await GoneAsync(leftovers);
        Assert.Equal(1, _tries);
    }

    [Fact]
    public async Task At_the_end_of_the_daemon_it_gives_up()
    {
        SlotLeftovers leftovers = new(DestroyAsync, _time, NullLogger.Instance);
        leftovers.Add(_slot, new IOException("containerd is away"));

        await leftovers.DisposeAsync();

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, _tries);
    }

    private Task DestroyAsync(SlotId slot, CancellationToken cancellationToken)
    {
        Assert.Equal(_slot, slot);
        return Interlocked.Increment(ref _tries) <= _failures ? Task.FromException(new IOException("still away")) : Task.CompletedTask;
    }

    private async Task TriedAsync(int tries)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (Volatile.Read(ref _tries) < tries)
        {
            await Task.Delay(1, limit.Token);
        }
    }

    private static async Task GoneAsync(SlotLeftovers leftovers)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (leftovers.Count > 0)
        {
            await Task.Delay(1, limit.Token);
        }
    }
}
