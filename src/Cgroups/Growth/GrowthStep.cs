namespace Sleigh.Cgroups.Growth;

/// <summary>What the policy said, and what it will remember once that has been carried out.</summary>
/// <param name="Decision">What is to be done.</param>
/// <param name="Next">The state for the next sample. Where the decision could not be carried out, the state before stays in force.</param>
public sealed record GrowthStep(MemoryDecision Decision, GrowthState Next);
