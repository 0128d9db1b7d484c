using System.Text;
using System.Text.Unicode;

namespace Sleigh.Runtime;

/// <summary>
/// How a stream's text stands in an exec result: its last 3000 Unicode code points, and a first line that counts what was left
/// out. Each invalid UTF-8 sequence counts as one code point and is shown as U+FFFD.
/// </summary>
internal static class OutputTail
{
    /// <summary>The most code points shown.</summary>
    public const int MaxRunes = 3000;

    /// <summary>Enough bytes for <see cref="MaxRunes"/> of the longest code points, and for a cut-off one before them.</summary>
    public const int WindowBytes = (4 * MaxRunes) + 16;

    /// <summary>Text of a stream of which everything is at hand.</summary>
    public static string Render(string stream, ReadOnlySpan<byte> all) => Render(stream, all, CountRunes(all));

    /// <summary>Text of a stream of which the count of all code points and the last bytes are at hand.</summary>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="window">The last bytes: all of them, or at least <see cref="WindowBytes"/>.</param>
    /// <param name="totalRunes">Code points in everything written.</param>
    public static string Render(string stream, ReadOnlySpan<byte> window, long totalRunes)
    {
        long windowRunes = CountRunes(window);
        if (totalRunes <= MaxRunes && windowRunes <= MaxRunes)
        {
            return Encoding.UTF8.GetString(window);
        }

        ReadOnlySpan<byte> tail = window;
        for (long skip = windowRunes - MaxRunes; skip > 0; skip--)
        {
            Rune.DecodeFromUtf8(tail, out _, out int consumed);
            tail = tail[consumed..];
        }

        string text = Encoding.UTF8.GetString(tail);
        return $"...(truncated {stream}: omitted {totalRunes - Math.Min(windowRunes, MaxRunes)} runes, showing last {MaxRunes})\n{text}";
    }

    /// <summary>Code points in <paramref name="bytes"/>, one for each invalid sequence.</summary>
    public static long CountRunes(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return bytes.Length;
        }

        if (Utf8.IsValid(bytes))
        {
            return bytes.Length - CountContinuations(bytes);
        }

        long count = 0;
        while (!bytes.IsEmpty)
        {
            Rune.DecodeFromUtf8(bytes, out _, out int consumed);
            bytes = bytes[consumed..];
            count++;
        }

        return count;
    }

    /// <summary>The length of the longest beginning of <paramref name="bytes"/> that does not end inside a character.</summary>
    public static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (int back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            byte lead = bytes[^back];
            if ((lead & 0xC0) == 0x80)
            {
                continue;
            }

            int needed = lead switch { >= 0xC2 and < 0xE0 => 2, >= 0xE0 and < 0xF0 => 3, >= 0xF0 and < 0xF5 => 4, _ => 1 };
            return needed > back ? bytes.Length - back : bytes.Length;
        }

        return bytes.Length;
    }

    private static int CountContinuations(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte b in bytes)
        {
            count += (b & 0xC0) == 0x80 ? 1 : 0;
        }

        return count;
    }
}
