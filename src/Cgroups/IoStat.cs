using System.Globalization;

namespace Sleigh.Cgroups;

/// <summary>The file <c>io.stat</c>, added up over all devices, or over those that stand on no other one.</summary>
/// <param name="ReadBytes">Bytes read.</param>
/// <param name="WriteBytes">Bytes written.</param>
/// <param name="Reads">Read operations.</param>
/// <param name="Writes">Write operations.</param>
public readonly record struct IoStat(long ReadBytes, long WriteBytes, long Reads, long Writes)
{
    /// <summary>
    /// Reads the file's text: a device and <c>name=value</c> words a line. A device without figures, unknown words and words that
    /// are cut off count nothing.
    /// </summary>
    public static IoStat Parse(string text) => Parse(text, _ => false);

    /// <summary>As <see cref="Parse(string)"/>, without the devices that are to be skipped.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="skips">Asked for each device, as <c>major:minor</c>.</param>
    public static IoStat Parse(string text, Func<string, bool> skips)
    {
        IoStat sum = default;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            if (words.Length > 1 && skips(words[0]))
            {
                continue;
            }

            foreach (string word in words.Skip(1))
            {
                int equals = word.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0 || !long.TryParse(word.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                {
                    continue;
                }

                sum = word[..equals] switch
                {
                    "rbytes" => sum with { ReadBytes = sum.ReadBytes + value },
                    "wbytes" => sum with { WriteBytes = sum.WriteBytes + value },
                    "rios" => sum with { Reads = sum.Reads + value },
                    "wios" => sum with { Writes = sum.Writes + value },
                    _ => sum,
                };
            }
        }

        return sum;
    }
}
