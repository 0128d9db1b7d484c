using Sleigh.Network;
using Sleigh.Runtime.Networking;

namespace Sleigh.Runtime.Tests.Networking;

public sealed class RefusedCountsTests
{
    private static readonly NamespaceName Name = NamespaceName.Parse("net_0123456789ab");

    [Fact]
    public async Task Whoever_asks_while_it_is_read_waits_for_the_same_reading_and_a_failed_one_is_not_kept()
    {
        int readings = 0;
        TaskCompletionSource<IReadOnlyDictionary<NamespaceName, Refusals>> first = new();
        RefusedCounts counts = new(() => Interlocked.Increment(ref readings) == 1
            ? first.Task
            : Task.FromResult<IReadOnlyDictionary<NamespaceName, Refusals>>(new Dictionary<NamespaceName, Refusals> { [Name] = new(0, 7, 0, 0) }));

        Task<IReadOnlyDictionary<NamespaceName, Refusals>>[] all = [.. Enumerable.Range(0, 20).Select(_ => counts.ReadAsync(CancellationToken.None))];
        using CancellationTokenSource gone = new();
        Task<IReadOnlyDictionary<NamespaceName, Refusals>> impatient = counts.ReadAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        first.SetException(new IOException("nft failed"));
        foreach (Task<IReadOnlyDictionary<NamespaceName, Refusals>> one in all)
        {
            await Assert.ThrowsAsync<IOException>(() => one);
        }

        Assert.Equal(1, readings);
        Assert.Equal(7, (await counts.ReadAsync(CancellationToken.None))[Name].Total);
        Assert.Equal(2, readings);
    }
}
