using System.Globalization;

namespace Sleigh.Cli.Commands;

/// <summary>Lengths of time as a person types them: <c>90s</c>, <c>15m</c>, <c>12h</c>, <c>7d</c>, <c>2w</c>.</summary>
internal static class Durations
{
    /// <summary>Seconds; null when the text is no length of time.</summary>
    public static long? Seconds(string text)
    {
        int unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, 'w' => 7 * 86400, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? (long)count * unit : null;
    }
}
