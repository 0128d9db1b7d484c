using Sleigh.Cgroups;

namespace Sleigh.Runtime;

/// <summary>What the kernel says of the host at one moment. Bytes.</summary>
public sealed record HostFigures
{
    /// <summary>MemTotal.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>MemAvailable.</summary>
    public required long AvailableBytes { get; init; }

    /// <summary>SwapTotal.</summary>
    public required long SwapTotalBytes { get; init; }

    /// <summary>SwapFree.</summary>
    public required long SwapFreeBytes { get; init; }

    /// <summary>Memory pressure of the whole host, in percent; all zero when the kernel has no PSI.</summary>
    public required Pressure Pressure { get; init; }

    /// <summary>The load.</summary>
    public required LoadAverage Load { get; init; }

    /// <summary>Available over total, 0 to 1.</summary>
    public double AvailableRatio => TotalBytes == 0 ? 0 : (double)AvailableBytes / TotalBytes;
}
