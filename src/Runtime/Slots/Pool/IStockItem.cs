namespace Sleigh.Runtime.Slots;

/// <summary>What <see cref="Stock{T}"/> has to know of what it keeps.</summary>
internal interface IStockItem
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>Whether it can be used.</summary>
    bool IsAlive { get; }

    /// <summary>Completes when it can be used no more. It never fails.</summary>
    Task Gone { get; }

    /// <summary>Asks it whether it answers.</summary>
    /// <exception cref="IOException">It does not.</exception>
    Task PingAsync(CancellationToken cancellationToken);
}
