namespace Sleigh.Api;

/// <summary>The daemon's configuration as the administrator sees it and loads it anew.</summary>
public interface IConfiguration
{
    /// <summary>Every key with the value in force.</summary>
    IReadOnlyList<ShownSetting> Settings { get; }

    /// <summary>How the last load went.</summary>
    ConfigurationState State { get; }

    /// <summary>Loads the files and the environment again, checks all of it, and puts in force what can change in a running daemon.</summary>
    Task<ReloadResult> ReloadAsync();
}
