using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots.Pool;

/// <summary>A stock of things that are made in no time.</summary>
internal sealed class FakeStock : IAsyncDisposable
{
    private int _made;

    public FakeStock(int size, int max, StockLimits? limits = null)
    {
        Traffic = new Traffic(TimeProvider.System);
        Stock = new Stock<Item>(
            new StockSource<Item> { Make = MakeAsync, End = EndAsync, MemoryShare = () => MemoryShare },
            (limits ?? new StockLimits(0, 0)) with { Size = size, MaxSize = max },
            Traffic,
            TimeProvider.System,
            NullLogger.Instance);
    }

    public Stock<Item> Stock { get; }

    public Traffic Traffic { get; }

    public double MemoryShare { get; set; } = 0.5;

    /// <summary>What comes before one is made.</summary>
    public Func<CancellationToken, Task> BeforeMake { get; set; } = _ => Task.CompletedTask;

    public ConcurrentQueue<Item> Made { get; } = new();

    public ConcurrentQueue<Item> Ended { get; } = new();

    public int MostEndingAtOnce { get; private set; }

    private int EndingNow { get; set; }

    public static async Task UntilAsync(Func<bool> condition, Func<string> otherwise)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, otherwise());
            await Task.Delay(5);
        }
    }

    public Task FilledAsync(int available) =>
        UntilAsync(() => Stock.Figures is var f && f.Available == available && f.Making == 0, () => $"{Stock.Figures}");

    public async ValueTask DisposeAsync() => await Stock.DisposeAsync();

    private async Task<Item> MakeAsync(CancellationToken cancellationToken)
    {
        await BeforeMake(cancellationToken);
        Item item = new($"item {Interlocked.Increment(ref _made)}");
        Made.Enqueue(item);
        return item;
    }

    private async Task EndAsync(Item item)
    {
        lock (Ended)
        {
            MostEndingAtOnce = Math.Max(MostEndingAtOnce, ++EndingNow);
        }

        await Task.Delay(5);
        lock (Ended)
        {
            EndingNow--;
        }

        Ended.Enqueue(item);
    }

    internal sealed class Item(string name) : IStockItem
    {
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name { get; } = name;

        public bool IsAlive { get; set; } = true;

        public bool Answers { get; set; } = true;

        public int Pings { get; private set; }

        public Task Gone => _gone.Task;

        public void Die()
        {
            IsAlive = false;
            _gone.SetResult();
        }

        public Task PingAsync(CancellationToken cancellationToken)
        {
            Pings++;
            return Answers ? Task.CompletedTask : Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
