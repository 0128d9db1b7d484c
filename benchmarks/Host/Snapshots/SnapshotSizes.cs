namespace Sleigh.Benchmarks.Host.Snapshots;

/// <summary>How much is made for the part about snapshots.</summary>
/// <param name="Files">Files of the tree that the bounds are for.</param>
/// <param name="Megabytes">Its megabytes.</param>
/// <param name="LargestMegabytes">Of the trees of growing size, the largest.</param>
/// <param name="AtOnce">Forks of one call.</param>
/// <param name="Deep">Snapshots, each taken of what was restored from the one before it.</param>
/// <param name="Wide">Forks of one snapshot that are alive together.</param>
/// <param name="Rounds">How often each call is timed.</param>
/// <param name="DockerRounds">How often at most Docker commits the tree.</param>
internal sealed record SnapshotSizes(
    int Files, int Megabytes, int LargestMegabytes, int AtOnce, int Deep, int Wide, int Rounds, int DockerRounds);
