using System.Globalization;

namespace Sleigh.Cgroups;

/// <summary>A pressure file (PSI): <c>memory.pressure</c>, <c>io.pressure</c>, <c>cpu.pressure</c> or <c>/proc/pressure/*</c>.</summary>
/// <param name="Some">At least one task was stalled.</param>
/// <param name="Full">All tasks were stalled at once.</param>
public readonly record struct Pressure(StallFigures Some, StallFigures Full)
{
    /// <summary>Reads the file's text. Unknown lines and fields are skipped.</summary>
    /// <exception cref="FormatException">There is no whole <c>some</c> line.</exception>
    public static Pressure Parse(string text)
    {
        StallFigures? some = null;
        StallFigures? full = null;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("some ", StringComparison.Ordinal))
            {
                some = ParseLine(line, text);
            }
            else if (line.StartsWith("full ", StringComparison.Ordinal))
            {
                full = ParseLine(line, text);
            }
        }

        // cpu.pressure has no "full" line before Linux 5.13.
        return new Pressure(some ?? throw new FormatException($"no 'some' line in '{text}'"), full ?? default);
    }

    private static StallFigures ParseLine(string line, string text)
    {
        double? avg10 = null, avg60 = null, avg300 = null;
        long? total = null;
        foreach (string word in line.Split(' '))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            ReadOnlySpan<char> value = word.AsSpan(equals + 1);
            switch (equals < 0 ? "" : word[..equals])
            {
                case "avg10": avg10 = Percent(value); break;
                case "avg60": avg60 = Percent(value); break;
                case "avg300": avg300 = Percent(value); break;
                case "total": total = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long usec) ? usec : null; break;
                default: break;
            }
        }

        return avg10 is { } a && avg60 is { } b && avg300 is { } c && total is { } t
            ? new StallFigures(a, b, c, TimeSpan.FromMicroseconds(t))
            : throw new FormatException($"the line '{line}' is not whole in '{text}'");
    }

    private static double? Percent(ReadOnlySpan<char> value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) ? percent : null;
}
