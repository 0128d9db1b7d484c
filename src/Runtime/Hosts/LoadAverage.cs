using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>The load averages of the last 1, 5 and 15 minutes.</summary>
public readonly record struct LoadAverage(double Avg1, double Avg5, double Avg15)
{
    /// <summary>Reads the text of <c>/proc/loadavg</c>.</summary>
    /// <exception cref="FormatException">It does not begin with three numbers.</exception>
    public static LoadAverage Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] words = text.Split(' ');
        return words.Length >= 3 && Read(words[0], out double one) && Read(words[1], out double five) && Read(words[2], out double fifteen)
            ? new LoadAverage(one, five, fifteen)
            : throw new FormatException($"'{text}' does not begin with three load averages");
    }

    private static bool Read(string word, out double load) =>
        double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out load);
}
