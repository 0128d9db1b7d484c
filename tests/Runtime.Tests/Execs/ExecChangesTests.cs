namespace Sleigh.Runtime.Tests.Execs;

public sealed class ExecChangesTests
{
    [Fact]
    public void A_change_between_two_waits_is_not_missed_and_many_count_as_one()
    {
        using ExecChanges changes = new();
        changes.Signal();
        changes.Signal();

        Assert.True(changes.NextAsync().IsCompleted);
        Task next = changes.NextAsync();
        Assert.False(next.IsCompleted);
        Assert.Same(next, changes.NextAsync());
    }

    [Fact]
    public async Task A_change_ends_the_wait_and_the_next_wait_begins_anew()
    {
        using ExecChanges changes = new();
        Task next = changes.NextAsync();

        changes.Signal();

        await next.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(changes.NextAsync().IsCompleted);
    }

    [Fact]
    public void What_is_owned_goes_with_it_also_when_it_comes_late()
    {
        using Disposal early = new();
        using Disposal late = new();
        ExecChanges changes = new();
        changes.Own(early);
        changes.Dispose();
        Assert.True(early.IsDisposed);

        changes.Own(late);

        Assert.True(late.IsDisposed);
    }

    private sealed class Disposal : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
