namespace Sleigh.Cli.Bench;

/// <summary>A snapshot that a subject took.</summary>
/// <param name="Id">Its name in that system.</param>
/// <param name="PauseMs">How long the commands stood still, where the system says so.</param>
/// <param name="TotalMs">How long it took by the system's own clock, where it says so.</param>
internal readonly record struct BenchSnapshot(string Id, double? PauseMs, double? TotalMs);
