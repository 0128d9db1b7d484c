using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>
/// How many code points a final stream has, kept beside it: counting them reads all that is stored, and a page of the history shows many
/// streams. A file that is not whole is as good as none.
/// </summary>
internal static class RuneCounts
{
    private const string Extension = ".runes";

    /// <summary>The kept count for a stream of so many bytes; null when there is none.</summary>
    public static long? Read(string stream, long total)
    {
        try
        {
            string path = stream + Extension;
            string[] words = File.Exists(path) ? File.ReadAllText(path).Split(' ') : [];
            return words is [string bytes, string runes, "\n"] && bytes == Text(total)
                && long.TryParse(runes, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                    ? count
                    : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Keeps a count. Without room for it, it is counted again the next time.</summary>
    public static void Keep(string stream, long total, long runes)
    {
        try
        {
            File.WriteAllText(stream + Extension, $"{Text(total)} {Text(runes)} \n");
        }
        catch (IOException)
        {
            // The disk is full, or the output was removed meanwhile.
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
