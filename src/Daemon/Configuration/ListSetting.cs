using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>A key with a list of values; in the environment they are separated by commas.</summary>
internal sealed class ListSetting<T> : Setting
{
    private readonly ReadText<T> _read;
    private readonly Func<SleighOptions, IReadOnlyList<T>> _get;
    private readonly Func<SleighOptions, IReadOnlyList<T>, SleighOptions> _set;
    private readonly Func<T, string> _format;

    internal ListSetting(
        string key,
        string rule,
        ReadText<T> read,
        Func<T, string> format,
        Func<SleighOptions, IReadOnlyList<T>> get,
        Func<SleighOptions, IReadOnlyList<T>, SleighOptions> set)
        : base(key, rule, isSecret: false)
    {
        _read = read;
        _format = format;
        _get = get;
        _set = set;
    }

    internal override SleighOptions? Apply(SleighOptions options, SettingValue value, out ConfigurationError? error)
    {
        IReadOnlyList<string>? items = value.Items;
        if (items is null && value.IsFromEnvironment)
        {
            items = value.Text!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        List<T> parsed = [];
        foreach (string item in items ?? [])
        {
            if (!_read(item.Trim(), out T one))
            {
                items = null;
                break;
            }

            parsed.Add(one);
        }

        error = items is null ? Error(value, Rule) : null;
        return items is null ? null : _set(options, parsed);
    }

    internal override bool IsSame(SleighOptions one, SleighOptions other) => _get(one).SequenceEqual(_get(other));

    internal override SleighOptions Copy(SleighOptions from, SleighOptions to) => _set(to, _get(from));

    internal override string Format(SleighOptions options) => $"[{string.Join(", ", _get(options).Select(_format))}]";
}
