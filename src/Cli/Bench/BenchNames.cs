namespace Sleigh.Cli.Bench;

/// <summary>The names of the series: the same in <c>sleighctl bench</c>, in <c>make bench</c> and in the baseline.</summary>
internal static class BenchNames
{
    public const string CreateParked = "create, from a parked container";
    public const string CreateCold = "create, cold";
    public const string Exec = "exec /bin/true, waited for";
    public const string ExecOutput = "exec with 1 MB of output, all of it received";
    public const string SnapshotSmall = "snapshot, small";
    public const string SnapshotSmallPause = "snapshot, small: pause as reported";
    public const string SnapshotSmallReported = "snapshot, small: total as reported";
    public const string SnapshotLarge = "snapshot of 500 MB in 20,000 files";
    public const string SnapshotLargePause = "snapshot of 500 MB in 20,000 files: pause as reported";
    public const string SnapshotLargeReported = "snapshot of 500 MB in 20,000 files: total as reported";
    public const string Rollback = "rollback";
    public const string RollbackToExec = "rollback, to the first command's end";
    public const string Fork = "fork";
    public const string Delete = "delete, answered";
    public const string DeleteGone = "delete, until all of it is gone";

    /// <summary>The series of a burst.</summary>
    public static string Burst(int count) => $"{count} creates + first exec at once";
}
