using System.Globalization;

namespace Sleigh.Daemon.Configuration;

/// <summary>Sizes in the configuration: bytes, or a whole number with KiB, MiB, GiB or TiB (powers of 1024).</summary>
internal static class SizeText
{
    private static readonly (string Suffix, long Bytes)[] Units =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)];

    /// <summary>Reads a size. GB and the like are refused, as they mean two things.</summary>
    internal static bool TryParse(string text, out long bytes)
    {
        long unit = 1;
        ReadOnlySpan<char> number = text;
        foreach ((string suffix, long each) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                unit = each;
                number = number[..^suffix.Length].TrimEnd(' ');
            }
        }

        bool ok = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count <= long.MaxValue / unit;
        bytes = ok ? count * unit : 0;
        return ok;
    }

    /// <summary>A size in the largest unit that holds it whole.</summary>
    internal static string Format(long bytes)
    {
        foreach ((string suffix, long each) in Units)
        {
            if (bytes != 0 && bytes % each == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / each}{suffix}");
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
