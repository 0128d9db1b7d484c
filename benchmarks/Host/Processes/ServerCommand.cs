namespace Sleigh.Benchmarks.Host.Processes;

/// <summary>How a daemon is started.</summary>
/// <param name="Log">The file that its output is added to.</param>
/// <param name="Argv">Program and arguments.</param>
/// <param name="Environment">Variables beside those of this process.</param>
internal sealed record ServerCommand(string Log, IReadOnlyList<string> Argv, IReadOnlyDictionary<string, string> Environment);
