namespace Sleigh.Cli.Bench;

/// <summary>A sandbox that a subject made.</summary>
/// <param name="Id">Its name in that system.</param>
/// <param name="IsCold">Whether a container had to be started for it; null where the system knows only one way.</param>
internal readonly record struct BenchSandbox(string Id, bool? IsCold);
