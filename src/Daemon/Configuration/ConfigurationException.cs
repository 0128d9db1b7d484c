namespace Sleigh.Daemon.Configuration;

/// <summary>The configuration is refused. The message holds every error, one a line.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>Collects the errors of one load.</summary>
    public ConfigurationException(IReadOnlyList<ConfigurationError> errors)
        : base(string.Join('\n', errors))
    {
        Errors = errors;
    }

    /// <summary>All of them, in the order they were found.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; }
}
