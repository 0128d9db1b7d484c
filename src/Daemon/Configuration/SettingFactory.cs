using System.Globalization;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>Makes settings of the common kinds; each writes its own rule.</summary>
internal static class SettingFactory
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    internal static Setting Int(string key, int min, int max, Func<SleighOptions, int> get, Func<SleighOptions, int, SleighOptions> set) =>
        new SingleSetting<int>(
            key, $"a whole number from {min} to {max}", (string t, out int v) => ReadInt(t, min, max, out v), v => v.ToString(CultureInfo.InvariantCulture), get, set);

    /// <summary>A number where 0 means that there is none.</summary>
    internal static Setting IntOrNone(string key, int min, int max, Func<SleighOptions, int?> get, Func<SleighOptions, int?, SleighOptions> set) =>
        new SingleSetting<int?>(
            key,
            min == 1 ? $"0 or a whole number up to {max}" : $"0 or a whole number from {min} to {max}",
            (string t, out int? v) =>
            {
                bool ok = ReadInt(t, 0, max, out int number) && (number == 0 || number >= min);
                v = number == 0 ? null : number;
                return ok;
            },
            v => (v ?? 0).ToString(CultureInfo.InvariantCulture),
            get,
            set);

    internal static Setting Size(string key, long min, long max, Func<SleighOptions, long> get, Func<SleighOptions, long, SleighOptions> set) =>
        new SingleSetting<long>(
            key,
            $"a size from {SizeText.Format(min)} to {SizeText.Format(max)}, in bytes or with KiB, MiB, GiB or TiB",
            (string t, out long v) => SizeText.TryParse(t, out v) && v >= min && v <= max,
            SizeText.Format,
            get,
            set);

    internal static Setting Seconds(string key, int min, int max, Func<SleighOptions, TimeSpan> get, Func<SleighOptions, TimeSpan, SleighOptions> set) =>
        Time(key, "seconds", Second, min, max, get, set);

    /// <summary>A whole number of milliseconds; other units are not taken.</summary>
    internal static Setting Milliseconds(
        string key, int min, int max, Func<SleighOptions, TimeSpan> get, Func<SleighOptions, TimeSpan, SleighOptions> set) =>
        Int(key, min, max, o => (int)get(o).TotalMilliseconds, (o, v) => set(o, TimeSpan.FromMilliseconds(v)));

    internal static Setting Days(string key, int min, int max, Func<SleighOptions, TimeSpan> get, Func<SleighOptions, TimeSpan, SleighOptions> set) =>
        Time(key, "days", Day, min, max, get, set);

    /// <summary>A time where 0 means that there is none.</summary>
    internal static Setting SecondsOrNone(string key, int max, Func<SleighOptions, TimeSpan?> get, Func<SleighOptions, TimeSpan?, SleighOptions> set) =>
        TimeOrNone(key, "seconds", Second, max, get, set);

    /// <inheritdoc cref="SecondsOrNone"/>
    internal static Setting DaysOrNone(string key, int max, Func<SleighOptions, TimeSpan?> get, Func<SleighOptions, TimeSpan?, SleighOptions> set) =>
        TimeOrNone(key, "days", Day, max, get, set);

    internal static Setting Flag(string key, Func<SleighOptions, bool> get, Func<SleighOptions, bool, SleighOptions> set) =>
        new SingleSetting<bool>(key, "true or false", SettingText.Flag, v => v ? "true" : "false", get, set);

    internal static Setting Text(
        string key, string rule, ReadText<string> read, Func<SleighOptions, string> get, Func<SleighOptions, string, SleighOptions> set) =>
        new SingleSetting<string>(key, rule, read, v => v, get, set);

    /// <summary>A text that has no default.</summary>
    internal static Setting TextOrNone(
        string key, string rule, ReadText<string> read, Func<SleighOptions, string?> get, Func<SleighOptions, string?, SleighOptions> set) =>
        new SingleSetting<string?>(
            key,
            rule,
            (string t, out string? v) =>
            {
                bool ok = read(t, out string text);
                v = text;
                return ok;
            },
            v => v ?? "",
            get,
            set);

    internal static Setting Secret(string key, Func<SleighOptions, string?> get, Func<SleighOptions, string?, SleighOptions> set) =>
        new SingleSetting<string?>(
            key, "1 to 1024 visible ASCII characters", SettingText.Secret, v => v is null ? "" : "(hidden)", get, set, isSecret: true);

    /// <summary>One of the words of an enumeration, in lower case.</summary>
    internal static Setting Choice<T>(
        string key, Func<SleighOptions, T> get, Func<SleighOptions, T, SleighOptions> set, string? rule = null, params T[] refused)
        where T : struct, Enum
    {
        T[] allowed = [.. Enum.GetValues<T>().Except(refused)];
        return new SingleSetting<T>(
            key,
            rule ?? $"one of {string.Join(", ", allowed.Select(Word))}",
            (string t, out T v) =>
            {
                v = allowed.FirstOrDefault(a => Word(a) == t);
                return allowed.Any(a => Word(a) == t);
            },
            Word,
            get,
            set);
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static SingleSetting<TimeSpan> Time(
        string key, string name, TimeSpan unit, int min, int max, Func<SleighOptions, TimeSpan> get, Func<SleighOptions, TimeSpan, SleighOptions> set) =>
        new SingleSetting<TimeSpan>(
            key,
            $"{min} to {max} {name}, as a number or with s, m, h or d",
            (string t, out TimeSpan v) => DurationText.TryParse(t, unit, out v) && v >= unit * min && v <= unit * max,
            v => DurationText.Format(v, unit),
            get,
            set);

    private static SingleSetting<TimeSpan?> TimeOrNone(
        string key, string name, TimeSpan unit, int max, Func<SleighOptions, TimeSpan?> get, Func<SleighOptions, TimeSpan?, SleighOptions> set) =>
        new SingleSetting<TimeSpan?>(
            key,
            $"0 or up to {max} {name}, as a number or with s, m, h or d",
            (string t, out TimeSpan? v) =>
            {
                bool ok = DurationText.TryParse(t, unit, out TimeSpan time) && time <= unit * max;
                v = time == TimeSpan.Zero ? null : time;
                return ok;
            },
            v => DurationText.Format(v ?? TimeSpan.Zero, unit),
            get,
            set);

    private static bool ReadInt(string text, int min, int max, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
}
