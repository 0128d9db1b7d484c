namespace Sleigh.Runtime.Tests.Snapshots;

public sealed class SnapshotHoldsTests
{
    private readonly SnapshotHolds _holds = new();
    private readonly SnapshotId _one = SnapshotId.New();
    private readonly SnapshotId _other = SnapshotId.New();

    [Fact]
    public async Task One_is_free_when_the_last_reader_has_gone()
    {
        Assert.True(_holds.FreeAsync(_one).IsCompleted);
        IDisposable first = _holds.Take(_one);
        IDisposable second = _holds.Take(_one);
        Task free = _holds.FreeAsync(_one);
        Task again = _holds.FreeAsync(_one);
        Assert.True(_holds.FreeAsync(_other).IsCompleted);

        first.Dispose();
        first.Dispose();
        Assert.False(free.IsCompleted);
        second.Dispose();

        await Task.WhenAll(free, again);
        Assert.True(_holds.FreeAsync(_one).IsCompleted);
    }
}
