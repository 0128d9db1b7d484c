namespace Sleigh.Runtime.CodeWriting;

/// <summary>
/// A text between two others is replaced: over bytes, so that what is not UTF-8 elsewhere in the file stays as it is. Only the text's
/// own bytes change; those of the context are matched and kept.
/// </summary>
/// <param name="OldText">What is there; one byte or more.</param>
/// <param name="NewText">What takes its place; empty deletes.</param>
public sealed record ContextEdit(ReadOnlyMemory<byte> OldText, ReadOnlyMemory<byte> NewText)
{
    /// <summary>At most this many lines are told of matches.</summary>
    public const int MostLines = 20;

    /// <summary>What stands right before it.</summary>
    public ReadOnlyMemory<byte> Before { get; init; }

    /// <summary>What stands right behind it.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>Which match, from 1; 0 and below: there must be one only. Matches that overlap count each.</summary>
    public long Occurrence { get; init; }

    /// <summary>Applies it.</summary>
    /// <param name="file">The file's bytes, which stay as they are.</param>
    public ContextEditOutcome Apply(ReadOnlyMemory<byte> file)
    {
        byte[] pattern = [.. Before.Span, .. OldText.Span, .. After.Span];
        ReadOnlySpan<byte> bytes = file.Span;
        long wanted = Math.Max(1, Occurrence);
        long matches = 0;
        int at = -1;
        List<int> first = [];
        OverlappingMatches.Find(bytes, pattern, position =>
        {
            matches++;
            if (first.Count < MostLines)
            {
                first.Add(position + Before.Length);
            }

            if (matches == wanted)
            {
                at = position + Before.Length;
            }
        });

        if (matches == 0)
        {
            return new ContextEditOutcome.NoMatch();
        }

        return Occurrence > matches || (Occurrence <= 0 && matches > 1)
            ? new ContextEditOutcome.Unclear(Occurrence > 0 ? Occurrence : null, matches, Lines(bytes, first))
            : new ContextEditOutcome.Applied([.. bytes[..at], .. NewText.Span, .. bytes[(at + OldText.Length)..]], wanted, matches);
    }

    // Of positions in rising order.
    private static int[] Lines(ReadOnlySpan<byte> file, List<int> positions)
    {
        int[] lines = new int[positions.Count];
        (int line, int from) = (1, 0);
        for (int i = 0; i < lines.Length; i++)
        {
            line += file[from..positions[i]].Count((byte)'\n');
            from = positions[i];
            lines[i] = line;
        }

        return lines;
    }
}
