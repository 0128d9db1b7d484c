using System.Text;

namespace Sleigh.Cli.Output;

/// <summary>Rows under headings, columns two spaces apart. What is missing is shown as <c>-</c>.</summary>
internal sealed class Table
{
    private readonly (string Heading, bool Right)[] _columns;
    private readonly List<string[]> _rows = [];

    /// <param name="headings">A heading that begins with <c>&gt;</c> stands over a column of figures, which ends at the right.</param>
    public Table(params string[] headings) =>
        _columns = [.. headings.Select(h => (h.TrimStart('>'), h.StartsWith('>')))];

    /// <summary>Adds a row; cells become one line each.</summary>
    public void Row(params string?[] cells)
    {
        if (cells.Length != _columns.Length)
        {
            throw new ArgumentException($"{cells.Length} cells for {_columns.Length} columns", nameof(cells));
        }

        _rows.Add([.. cells.Select(c => string.IsNullOrEmpty(c) ? "-" : Human.OneLine(c))]);
    }

    /// <summary>The text, each line ended with a line feed, without spaces at line ends.</summary>
    public override string ToString()
    {
        string[] headings = [.. _columns.Select(c => c.Heading)];
        int[] widths = [.. _columns.Select((c, i) => _rows.Append(headings).Max(r => r[i].Length))];
        var text = new StringBuilder();
        foreach (string[] row in _rows.Prepend(headings))
        {
            string line = string.Join("  ", row.Select((cell, i) => _columns[i].Right ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i])));
            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString();
    }
}
