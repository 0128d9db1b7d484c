using System.Globalization;

namespace Sleigh.Runtime.Checks;

/// <summary>Memory that is left, and what the kernel can move out of the way.</summary>
internal static class MemoryChecks
{
    private const double Scarce = 0.15;

    public static IEnumerable<HostCheck> List() =>
    [
        new("memory", () => Left(MemoryInfo.Read())),
        new("swap", () => Swap(HostText.Of("/proc/swaps") ?? "", HostText.Of("/sys/module/zswap/parameters/enabled"))),
    ];

    internal static Finding Left(MemoryInfo memory)
    {
        string seen = $"{HostText.Size(memory.AvailableBytes)} of {HostText.Size(memory.TotalBytes)} available";
        return memory.AvailableRatio < Scarce
            ? Finding.Warn(seen, "sleighctl top --sort memory shows who has it; delete sandboxes that are no longer needed")
            : Finding.Ok(seen);
    }

    /// <summary>A fact, not a fault: with swap a sandbox at its brake slows down less, and frees memory in which nothing happens.</summary>
    internal static Finding Swap(string swaps, string? zswap)
    {
        long kilobytes = swaps.Split('\n').Skip(1)
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length >= 5)
            .Sum(fields => long.Parse(fields[2], CultureInfo.InvariantCulture));
        string compressed = zswap is null ? "no zswap" : zswap is "Y" or "1" ? "zswap on" : "zswap off";
        return Finding.Ok(kilobytes == 0 ? $"no swap: a sandbox at its limit can only drop file cache; {compressed}" : $"{HostText.Size(kilobytes << 10)} of swap; {compressed}");
    }
}
