using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>Total and available memory of the host, and its swap, from /proc/meminfo.</summary>
internal readonly record struct MemoryInfo(long TotalBytes, long AvailableBytes, long SwapFreeBytes = 0, long SwapTotalBytes = 0)
{
    /// <summary>Available over total, 0 to 1.</summary>
    public double AvailableRatio => TotalBytes == 0 ? 0 : (double)AvailableBytes / TotalBytes;

    /// <summary>Reads it now.</summary>
    public static MemoryInfo Read() => Parse(File.ReadAllText("/proc/meminfo"));

    /// <exception cref="FormatException">MemTotal or MemAvailable (Linux 3.14) is missing.</exception>
    public static MemoryInfo Parse(string text)
    {
        long? total = null;
        long? available = null;
        long? swap = null;
        long? swapTotal = null;
        foreach (string line in text.Split('\n'))
        {
            total ??= Kilobytes(line, "MemTotal:");
            available ??= Kilobytes(line, "MemAvailable:");
            swap ??= Kilobytes(line, "SwapFree:");
            swapTotal ??= Kilobytes(line, "SwapTotal:");
        }

        return new MemoryInfo(
            total ?? throw new FormatException($"no 'MemTotal' line in '{text}'"),
            available ?? throw new FormatException($"no 'MemAvailable' line in '{text}'"),
            swap ?? 0,
            swapTotal ?? 0);
    }

    private static long? Kilobytes(string line, string key) =>
        line.StartsWith(key, StringComparison.Ordinal)
        && long.TryParse(
            line.AsSpan(key.Length).Trim().TrimEnd("kB").TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes)
            ? kilobytes * 1024
            : null;
}
