using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>One key of the configuration: how its value is read, checked, stored and shown.</summary>
internal abstract class Setting
{
    private protected Setting(string key, string rule, bool isSecret)
    {
        Key = key;
        Rule = rule;
        IsSecret = isSecret;
    }

    /// <summary>The whole key: <c>http.listen</c>.</summary>
    internal string Key { get; }

    /// <summary>What a value must be, as it follows "must be".</summary>
    internal string Rule { get; }

    /// <summary>The value is never shown.</summary>
    internal bool IsSecret { get; }

    /// <summary>The environment variable that overrides the files: <c>SLEIGH_HTTP_LISTEN</c>.</summary>
    internal string Variable => "SLEIGH_" + Key.Replace('.', '_').ToUpperInvariant();

    /// <summary>What a reload does with another value.</summary>
    internal ReloadEffect Reload => ReloadTable.Of(Key);

    /// <summary>Stores a value in the options; null and an error when it breaks the rule.</summary>
    internal abstract SleighOptions? Apply(SleighOptions options, SettingValue value, out ConfigurationError? error);

    /// <summary>As above, for a setting in which several things may be wrong at once.</summary>
    internal virtual SleighOptions? Apply(SleighOptions options, SettingValue value, ICollection<ConfigurationError> errors)
    {
        SleighOptions? applied = Apply(options, value, out ConfigurationError? error);
        if (error is not null)
        {
            errors.Add(error);
        }

        return applied;
    }

    /// <summary>The value as it would be written; empty when it is not set.</summary>
    internal abstract string Format(SleighOptions options);

    /// <summary>Whether both hold the same value.</summary>
    internal abstract bool IsSame(SleighOptions one, SleighOptions other);

    /// <summary><paramref name="to"/> with this key's value of <paramref name="from"/>.</summary>
    internal abstract SleighOptions Copy(SleighOptions from, SleighOptions to);

    private protected ConfigurationError Error(SettingValue value, string rule) => new(
        value.Source, value.Line, Key, $"{Key} is {(IsSecret ? "(hidden)" : value.Shown)}, must be {rule}");
}

/// <summary>How the text of a value is read. False: the text breaks the setting's rule.</summary>
internal delegate bool ReadText<T>(string text, out T value);
