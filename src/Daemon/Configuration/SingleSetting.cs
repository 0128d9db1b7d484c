using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>A key with one value.</summary>
internal sealed class SingleSetting<T> : Setting
{
    private readonly ReadText<T> _read;
    private readonly Func<SleighOptions, T> _get;
    private readonly Func<SleighOptions, T, SleighOptions> _set;
    private readonly Func<T, string> _format;

    internal SingleSetting(
        string key,
        string rule,
        ReadText<T> read,
        Func<T, string> format,
        Func<SleighOptions, T> get,
        Func<SleighOptions, T, SleighOptions> set,
        bool isSecret = false)
        : base(key, rule, isSecret)
    {
        _read = read;
        _format = format;
        _get = get;
        _set = set;
    }

    internal override SleighOptions? Apply(SleighOptions options, SettingValue value, out ConfigurationError? error)
    {
        if (value.Text is { } text && _read(text.Trim(), out T parsed))
        {
            error = null;
            return _set(options, parsed);
        }

        error = Error(value, Rule);
        return null;
    }

    internal override bool IsSame(SleighOptions one, SleighOptions other) => EqualityComparer<T>.Default.Equals(_get(one), _get(other));

    internal override SleighOptions Copy(SleighOptions from, SleighOptions to) => _set(to, _get(from));

    internal override string Format(SleighOptions options) => _format(_get(options));
}
