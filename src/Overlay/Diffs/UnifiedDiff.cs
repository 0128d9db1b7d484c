using System.Globalization;
using System.Text;
using DiffPlex;
using DiffPlex.Model;

namespace Sleigh.Overlay;

/// <summary>
/// The difference of two texts in the unified format, as GNU patch and git read it. Lines end at a line feed only, so that each byte is
/// kept.
/// </summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Comparing takes time with the square of the lines at worst: this many, of both texts together, take about a second.</summary>
    private const int MostLines = 20_000;

    /// <summary>The hunks; empty for equal texts; null when more than 20,000 lines lie between the first and the last difference.</summary>
    public static string? Hunks(string before, string after)
    {
        List<string> a = Lines(before);
        List<string> b = Lines(after);
        int start = 0;
        while (start < a.Count && start < b.Count && a[start] == b[start])
        {
            start++;
        }

        int end = 0;
        while (end < a.Count - start && end < b.Count - start && a[^(end + 1)] == b[^(end + 1)])
        {
            end++;
        }

        (int left, int right) = (a.Count - start - end, b.Count - start - end);
        if (left > 0 && right > 0 && left + right > MostLines)
        {
            return null;
        }

        StringBuilder text = new();
        foreach (List<Change> group in Group(Changes(a, b, start, left, right)))
        {
            WriteHunk(text, a, b, group);
        }

        return text.ToString();
    }

    private static List<Change> Changes(List<string> a, List<string> b, int start, int left, int right)
    {
        if (left == 0 || right == 0)
        {
            return left + right == 0 ? [] : [new Change(start, left, start, right)];
        }

        LineChunker lines = new();
        DiffResult result = Differ.Instance.CreateDiffs(
            string.Concat(a.GetRange(start, left)), string.Concat(b.GetRange(start, right)), ignoreWhiteSpace: false, ignoreCase: false, lines);
        return [.. result.DiffBlocks.Select(x => new Change(start + x.DeleteStartA, x.DeleteCountA, start + x.InsertStartB, x.InsertCountB))];
    }

    // Changes whose context would touch share a hunk.
    private static IEnumerable<List<Change>> Group(List<Change> changes)
    {
        List<Change> group = [];
        foreach (Change change in changes)
        {
            if (group.Count > 0 && change.StartA - (group[^1].StartA + group[^1].CountA) > 2 * Context)
            {
                yield return group;
                group = [];
            }

            group.Add(change);
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private static void WriteHunk(StringBuilder text, List<string> a, List<string> b, List<Change> group)
    {
        Change last = group[^1];
        int lead = Math.Min(Context, group[0].StartA);
        int trail = Math.Min(Context, a.Count - (last.StartA + last.CountA));
        (int fromA, int fromB) = (group[0].StartA - lead, group[0].StartB - lead);
        int countA = last.StartA + last.CountA + trail - fromA;
        int countB = last.StartB + last.CountB + trail - fromB;

        // The number of the first line; of an empty side that of the line before.
        text.Append(CultureInfo.InvariantCulture, $"@@ -{(countA == 0 ? fromA : fromA + 1)},{countA} +{(countB == 0 ? fromB : fromB + 1)},{countB} @@\n");
        int at = fromA;
        foreach (Change change in group)
        {
            WriteLines(text, ' ', a, at, change.StartA - at);
            WriteLines(text, '-', a, change.StartA, change.CountA);
            WriteLines(text, '+', b, change.StartB, change.CountB);
            at = change.StartA + change.CountA;
        }

        WriteLines(text, ' ', a, at, trail);
    }

    private static void WriteLines(StringBuilder text, char mark, List<string> lines, int start, int count)
    {
        foreach (string line in lines.GetRange(start, count))
        {
            text.Append(mark).Append(line);
            if (!line.EndsWith('\n'))
            {
                text.Append("\n\\ No newline at end of file\n");
            }
        }
    }

    private static List<string> Lines(string text)
    {
        List<string> lines = [];
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end + 1;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }

    private readonly record struct Change(int StartA, int CountA, int StartB, int CountB);

    private sealed class LineChunker : IChunker
    {
        public IReadOnlyList<string> Chunk(string text) => Lines(text);
    }
}
