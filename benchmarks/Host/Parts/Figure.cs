namespace Sleigh.Benchmarks.Host.Parts;

/// <summary>A single number of one subject.</summary>
/// <param name="Name">What it is, the same for all subjects.</param>
/// <param name="Unit">Such as <c>MiB</c>.</param>
/// <param name="Subject">Whose.</param>
/// <param name="Value">The number.</param>
internal sealed record Figure(string Name, string Unit, string Subject, double Value);
