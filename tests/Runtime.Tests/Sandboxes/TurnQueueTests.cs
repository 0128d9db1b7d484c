namespace Sleigh.Runtime.Tests.Sandboxes;

public sealed class TurnQueueTests
{
    private static readonly SandboxId Sandbox = SandboxId.New();

    [Fact]
    public async Task Turns_come_in_order_of_arrival()
    {
        TurnQueue queue = new(TimeProvider.System);
        IDisposable first = await queue.EnterAsync(Sandbox, "first", CancellationToken.None);
        List<int> order = [];
        Task[] others = [.. Enumerable.Range(0, 5).Select(async i =>
        {
            using IDisposable turn = await queue.EnterAsync(Sandbox, "other", CancellationToken.None);
            order.Add(i);
        })];

        Assert.Empty(order);
        first.Dispose();
        await Task.WhenAll(others);

        Assert.Equal([0, 1, 2, 3, 4], order);
    }

    [Fact]
    public async Task A_waiter_that_gives_up_does_not_hold_up_the_next()
    {
        TurnQueue queue = new(TimeProvider.System);
        using CancellationTokenSource gone = new();
        IDisposable first = await queue.EnterAsync(Sandbox, "first", CancellationToken.None);
        Task<IDisposable> second = queue.EnterAsync(Sandbox, "second", gone.Token);
        Task<IDisposable> third = queue.EnterAsync(Sandbox, "third", CancellationToken.None);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();

        (await third).Dispose();
        (await queue.EnterAsync(Sandbox, "fourth", CancellationToken.None)).Dispose();
    }

    [Fact]
    public async Task After_a_delete_waiting_and_new_changes_find_no_sandbox()
    {
        TurnQueue queue = new(TimeProvider.System);
        using IDisposable first = await queue.EnterAsync(Sandbox, "first", CancellationToken.None);
        Task<IDisposable> waiting = queue.EnterAsync(Sandbox, "second", CancellationToken.None);

        queue.Close();

        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<RuntimeException>(() => waiting)).Kind);
        RuntimeException late = await Assert.ThrowsAsync<RuntimeException>(() => queue.EnterAsync(Sandbox, "x", CancellationToken.None));
        Assert.Equal($"resource not found: sandbox {Sandbox}", late.Message);
    }

    [Fact]
    public async Task A_turn_given_back_twice_passes_once()
    {
        TurnQueue queue = new(TimeProvider.System);
        IDisposable first = await queue.EnterAsync(Sandbox, "first", CancellationToken.None);
        first.Dispose();
        IDisposable second = await queue.EnterAsync(Sandbox, "second", CancellationToken.None);
        first.Dispose();

        Assert.False(queue.EnterAsync(Sandbox, "third", CancellationToken.None).IsCompleted);
        second.Dispose();
    }
}
