namespace Sleigh.Runtime.Slots;

/// <summary>How many items a <see cref="Stock{T}"/> keeps, and how often it looks after them.</summary>
/// <param name="Size">Always; 0: none at all.</param>
/// <param name="MaxSize">At most, when demand asks for more.</param>
internal sealed record StockLimits(int Size, int MaxSize)
{
    /// <summary>Between two rounds of asking each whether it answers.</summary>
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one answer.</summary>
    public TimeSpan PingLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After one could not be made.</summary>
    public TimeSpan RetryAfterFailure { get; init; } = TimeSpan.FromSeconds(5);
}
