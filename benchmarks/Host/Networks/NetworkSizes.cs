namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>How much is done for the part about networks and neighbours.</summary>
/// <param name="Rounds">How often each kind of create is timed.</param>
/// <param name="Tries">How often an open connection is cut.</param>
/// <param name="Execs">Commands of the neighbour that are timed before and during each attack.</param>
internal sealed record NetworkSizes(int Rounds, int Tries, int Execs);
