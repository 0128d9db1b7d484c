namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>Sandboxes on a host, and what they want over time.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Text">What it is, for people.</param>
/// <param name="HostMb">The host's memory.</param>
/// <param name="Seconds">How long it is watched.</param>
/// <param name="Workloads">The sandboxes.</param>
internal sealed record Trace(string Name, string Text, int HostMb, int Seconds, IReadOnlyList<Workload> Workloads);
