using System.Globalization;

namespace Sleigh.Cli.Output;

/// <summary>Figures as a person reads them.</summary>
internal static class Human
{
    /// <summary>Bytes in units of 1024: <c>512 B</c>, <c>1.5 KB</c>, <c>190 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB", "PB"];
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = unit == 0 || Math.Abs(value) >= 100 ? "0" : "0.#";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>A length of time in its largest whole unit: <c>12s</c>, <c>5m</c>, <c>3h</c>, <c>20d</c>. The future is <c>0s</c>.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "0s",
        { TotalMinutes: < 1 } => Whole(age.TotalSeconds, "s"),
        { TotalHours: < 1 } => Whole(age.TotalMinutes, "m"),
        { TotalDays: < 1 } => Whole(age.TotalHours, "h"),
        _ => Whole(age.TotalDays, "d"),
    };

    /// <summary>Milliseconds: <c>8.4 ms</c> below ten, whole above.</summary>
    public static string Milliseconds(double milliseconds) =>
        milliseconds.ToString(milliseconds < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + " ms";

    /// <summary>Text from elsewhere, made safe for a terminal: control characters, line ends too, become spaces.</summary>
    public static string OneLine(string text) =>
        text.Any(char.IsControl) ? new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]) : text;

    private static string Whole(double value, string unit) =>
        Math.Floor(value).ToString("0", CultureInfo.InvariantCulture) + unit;
}
