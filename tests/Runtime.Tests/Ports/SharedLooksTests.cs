using Sleigh.Runtime.Tests.Images;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Ports;

public sealed class SharedLooksTests
{
    [Fact]
    public async Task Many_who_wait_share_each_look_and_nobody_looks_for_nobody()
    {
        ManualTime time = new();
        int looks = 0;
        SharedLooks<int> shared = new(() => Interlocked.Increment(ref looks), time);

        for (int round = 1; round <= 3; round++)
        {
            Task<int>[] waiting = [.. Enumerable.Range(0, 1000).Select(_ => shared.NextAsync(CancellationToken.None))];
            Task<int[]> all = Task.WhenAll(waiting);
            await Poll.UntilAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(250));
                    return all.IsCompleted;
                },
                60, () => "no look was taken");
            Assert.Equal([round], (await all).Distinct());
        }

        for (int i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5);
        }

        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_others_waiting_and_what_a_look_throws_all_get()
    {
        ManualTime time = new();
        SharedLooks<int> shared = new(() => throw new FormatException("no line"), time);
        using CancellationTokenSource up = new();
        Task<int> given = shared.NextAsync(up.Token), one = shared.NextAsync(CancellationToken.None), other = shared.NextAsync(CancellationToken.None);

        await up.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.False(one.IsCompleted);
        await Poll.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(250));
                return one.IsCompleted && other.IsCompleted;
            },
            60, () => "no look was taken");

        await Assert.ThrowsAsync<FormatException>(() => one);
        await Assert.ThrowsAsync<FormatException>(() => other);
    }
}
