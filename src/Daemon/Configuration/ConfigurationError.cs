namespace Sleigh.Daemon.Configuration;

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="Source">The file, or the environment variable; null when several settings together are wrong.</param>
/// <param name="Line">The line in the file, from 1; null outside of files.</param>
/// <param name="Key">The key; null when the file as a whole is wrong.</param>
/// <param name="Text">What is wrong, as a phrase that names key, value and rule.</param>
public sealed record ConfigurationError(string? Source, int? Line, string? Key, string Text)
{
    /// <summary>Where, and what.</summary>
    public override string ToString() => (Source, Line) switch
    {
        (null, _) => Text,
        (_, null) => $"{Source}: {Text}",
        _ => $"{Source}:{Line}: {Text}",
    };
}
