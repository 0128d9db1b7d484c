using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class TreeUsersTests
{
    [Fact]
    public async Task The_end_stops_those_at_work_waits_for_them_and_lets_nobody_in()
    {
        TreeUsers users = new();
        IDisposable one = users.TryEnter()!;
        IDisposable two = users.TryEnter()!;
        Assert.True(users.Any);

        Task end = users.DisposeAsync().AsTask();

        Assert.True(users.Ended.IsCancellationRequested);
        Assert.Null(users.TryEnter());
        one.Dispose();
        one.Dispose();
        await Task.Delay(20);
        Assert.False(end.IsCompleted);
        two.Dispose();
        await end.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(users.Any);
        await users.DisposeAsync();
    }

    [Fact]
    public async Task Without_anybody_the_end_waits_for_nothing()
    {
        TreeUsers users = new();
        users.TryEnter()!.Dispose();

        await users.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Null(users.TryEnter());
    }
}
