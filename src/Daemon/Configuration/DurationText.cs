using System.Globalization;

namespace Sleigh.Daemon.Configuration;

/// <summary>Times in the configuration: a whole number in the key's own unit, or numbers with units: <c>90s</c>, <c>1h30m</c>, <c>14d</c>.</summary>
internal static class DurationText
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36500);

    /// <summary>Reads a time. Units are s, m, h and d, from large to small, each once at most.</summary>
    internal static bool TryParse(string text, TimeSpan unit, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        TimeSpan last = TimeSpan.MaxValue;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            digits = digits < 0 ? rest.Length : digits;
            if (!long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                return false;
            }

            TimeSpan each = unit;
            rest = rest[digits..];
            if (!rest.IsEmpty)
            {
                each = Unit(rest[0]);
                rest = rest[1..];
            }
            else if (last != TimeSpan.MaxValue)
            {
                return false;
            }

            if (each == TimeSpan.Zero || each >= last || number > (Longest - time) / each)
            {
                return false;
            }

            time += each * number;
            last = each;
        }

        return last != TimeSpan.MaxValue;
    }

    /// <summary>A time as a whole number in the key's own unit, or with seconds when it is not whole.</summary>
    internal static string Format(TimeSpan time, TimeSpan unit) => time.Ticks % unit.Ticks == 0
        ? (time.Ticks / unit.Ticks).ToString(CultureInfo.InvariantCulture)
        : ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s";

    private static TimeSpan Unit(char letter) => letter switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        _ => TimeSpan.Zero,
    };
}
