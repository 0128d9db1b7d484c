namespace Sleigh.Runtime.Reading;

/// <summary>The beginning of an output that one reply holds: by bytes, never inside a character, and then by lines.</summary>
public static class ReadPage
{
    /// <summary>So many bytes beyond the limit must be at hand: a limit below one character gives that one character.</summary>
    public const int Beyond = 3;

    /// <summary>How many bytes are kept.</summary>
    /// <param name="data">The output from where the page begins, up to <see cref="Beyond"/> bytes more than the limit.</param>
    /// <param name="isWhole">Whether nothing follows, now or later.</param>
    /// <param name="mostBytes">At least 1.</param>
    /// <param name="mostLines">0: as many as there are. A line that is kept keeps its line feed.</param>
    public static int Cut(ReadOnlySpan<byte> data, bool isWhole, int mostBytes, int mostLines)
    {
        int kept = Math.Min(data.Length, mostBytes);
        if (kept < data.Length || !isWhole)
        {
            int whole = OutputTail.WholeCharacters(data[..kept]);
            kept = whole > 0 ? whole : FirstCharacter(data, isWhole);
        }

        return mostLines > 0 ? FirstLines(data[..kept], mostLines) : kept;
    }

    private static int FirstCharacter(ReadOnlySpan<byte> data, bool isWhole) =>
        System.Text.Rune.DecodeFromUtf8(data, out _, out int length) == System.Buffers.OperationStatus.NeedMoreData && !isWhole ? 0 : length;

    private static int FirstLines(ReadOnlySpan<byte> data, int most)
    {
        int end = 0;
        for (int lines = 0; lines < most; lines++)
        {
            int feed = data[end..].IndexOf((byte)'\n');
            if (feed < 0)
            {
                return data.Length;
            }

            end += feed + 1;
        }

        return end;
    }
}
