namespace Sleigh.Runtime.Slots;

/// <summary>Where the items of a <see cref="Stock{T}"/> come from and go to.</summary>
internal sealed record StockSource<T>
{
    /// <summary>Makes one. It may be called several times at once.</summary>
    public required Func<CancellationToken, Task<T>> Make { get; init; }

    /// <summary>Ends one; completes when it is gone, and never fails.</summary>
    public required Func<T, Task> End { get; init; }

    /// <summary>Available share of the host's memory, 0 to 1.</summary>
    public required Func<double> MemoryShare { get; init; }
}
