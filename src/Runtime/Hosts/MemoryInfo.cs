using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>Total and available memory of the host, from /proc/meminfo.</summary>
internal readonly record struct MemoryInfo(long TotalBytes, long AvailableBytes)
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
        foreach (string line in text.Split('\n'))
        {
            total ??= Kilobytes(line, "MemTotal:");
            available ??= Kilobytes(line, "MemAvailable:");
        }

        return new MemoryInfo(
            total ?? throw new FormatException($"no 'MemTotal' line in '{text}'"),
            available ?? throw new FormatException($"no 'MemAvailable' line in '{text}'"));
    }

    private static long? Kilobytes(string line, string key) =>
        line.StartsWith(key, StringComparison.Ordinal)
        && long.TryParse(
            line.AsSpan(key.Length).Trim().TrimEnd("kB").TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes)
            ? kilobytes * 1024
            : null;
}
