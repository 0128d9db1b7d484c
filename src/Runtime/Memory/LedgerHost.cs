namespace Sleigh.Runtime.Memory;

/// <summary>The host's memory at one moment, as the ledger sees it. Bytes.</summary>
/// <param name="Total">MemTotal.</param>
/// <param name="Available">MemAvailable.</param>
/// <param name="Reserve">What is never promised.</param>
/// <param name="SwapFree">Swap that is free; only what is frozen goes there.</param>
public readonly record struct LedgerHost(long Total, long Available, long Reserve, long SwapFree = 0)
{
    /// <summary>What can be promised to all sandboxes together.</summary>
    public long Budget => Math.Max(0, Total - Reserve);

    /// <summary>What MemAvailable must not fall below: a tenth of the host.</summary>
    public long Kept => Total / 10;
}
