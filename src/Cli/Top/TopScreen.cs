using System.Text;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Top;

/// <summary>
/// The other screen of the terminal, as full-screen programs use it: what stood there before comes back at the end. Each drawing overwrites
/// the one before line by line, so nothing flickers.
/// </summary>
internal sealed class TopScreen : IDisposable
{
    private readonly Stream _output;
    private bool _left;

    public TopScreen(Stream output)
    {
        _output = output;
        Terminal.Write(_output, "\u001b[?1049h\u001b[?25l");
    }

    /// <summary>Draws; what does not fit is cut off.</summary>
    public void Draw(IReadOnlyList<string> lines, TerminalSize size)
    {
        var text = new StringBuilder("\u001b[H");
        foreach (string line in lines.Take(size.Rows))
        {
            text.Append(Cut(line, size.Columns)).Append("\u001b[0m\u001b[K");
            text.Append("\r\n");
        }

        if (lines.Count >= size.Rows)
        {
            // The last line feed would scroll.
            text.Length -= 2;
        }

        Terminal.Write(_output, text.Append("\u001b[J").ToString());
    }

    public void Dispose()
    {
        if (!_left)
        {
            _left = true;
            Terminal.Write(_output, "\u001b[?25h\u001b[?1049l");
        }
    }

    /// <summary>The beginning of a line that may hold colours, which take no place.</summary>
    internal static string Cut(string line, int columns)
    {
        var kept = new StringBuilder();
        int width = 0;
        for (int i = 0; i < line.Length && width < columns; i++)
        {
            if (line[i] == '\u001b' && line.IndexOf('m', i) is > 0 and var end)
            {
                kept.Append(line.AsSpan(i, end - i + 1));
                i = end;
                continue;
            }

            kept.Append(line[i]);
            width++;
        }

        return kept.ToString();
    }
}
