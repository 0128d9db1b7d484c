namespace Sleigh.Api;

/// <summary>How the last load of the configuration went.</summary>
/// <param name="Loaded">When the configuration in force was loaded.</param>
/// <param name="Refused">Why the load after that was refused, in one sentence; null: there was none, or it went well.</param>
/// <param name="RestartNeeded">Keys that the files hold another value for, which only a restart puts in force.</param>
public sealed record ConfigurationState(DateTimeOffset Loaded, string? Refused, IReadOnlyList<string> RestartNeeded);
