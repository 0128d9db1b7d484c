namespace Sleigh.Cli.Bench;

/// <summary>How much is measured.</summary>
/// <param name="Rounds">How often each call is timed.</param>
/// <param name="WarmUp">Rounds before those, which are not recorded.</param>
/// <param name="Burst">How many sandboxes are made at once; 0: none.</param>
/// <param name="BurstRounds">How often that is done.</param>
/// <param name="Parallel">How many of them at most are under way at one time.</param>
internal sealed record BenchOptions(int Rounds, int WarmUp, int Burst, int BurstRounds, int Parallel);
