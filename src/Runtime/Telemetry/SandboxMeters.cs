using System.Diagnostics.Metrics;

namespace Sleigh.Runtime.Telemetry;

/// <summary>Counters and times of sandboxes, commands and snapshots, as <c>/metrics</c> and OTLP show them. No tag holds an id.</summary>
public static class SandboxMeters
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Sleigh.Sandboxes";

    private static readonly double[] Short = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
    private static readonly double[] Starts = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120];
    private static readonly double[] Commands = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Creates = Times("sleigh_sandbox_create_seconds", "Time to make a sandbox, forks too.", Starts);
    private static readonly Histogram<double> ExecTimes = Times("sleigh_exec_seconds", "Time from the start of a command to its end.", Commands);
    private static readonly Histogram<double> Snapshots = Times("sleigh_snapshot_seconds", "Time to take a snapshot.", Short);
    private static readonly Histogram<double> Pauses = Times("sleigh_snapshot_pause_seconds", "Time that processes stood still for a snapshot.", Short);
    private static readonly Histogram<double> Rollbacks = Times("sleigh_rollback_seconds", "Time to roll a sandbox back.", Short);
    private static readonly Counter<long> Execs = Meter.CreateCounter<long>("sleigh_execs_total", null, "Commands that have their final state.");

    /// <summary>Makes the counters known, with 0 for each set of tags, to who listens already; as <see cref="Memory.MemoryMeters.Announce"/>.</summary>
    public static void Announce()
    {
        foreach (ExecOrigin origin in Enum.GetValues<ExecOrigin>())
        {
            foreach (ExecStatus status in (ExecStatus[])[ExecStatus.Succeeded, ExecStatus.Failed, ExecStatus.Cancelled])
            {
                Execs.Add(0, Tag("origin", origin.Word()), Tag("status", status.Word()));
            }
        }
    }

    /// <summary>A sandbox was made, by a create or a fork.</summary>
    /// <param name="time">The whole operation.</param>
    /// <param name="fromPool">Whether a parked container was there.</param>
    public static void Created(TimeSpan time, bool fromPool) => Creates.Record(time.TotalSeconds, Tag("source", fromPool ? "pool" : "cold"));

    /// <summary>A command has its final state.</summary>
    public static void Finished(ExecOrigin origin, ExecStatus status, TimeSpan wall)
    {
        Execs.Add(1, Tag("origin", origin.Word()), Tag("status", status.Word()));
        ExecTimes.Record(wall.TotalSeconds, Tag("origin", origin.Word()));
    }

    /// <summary>A snapshot was taken.</summary>
    public static void SnapshotTaken(TimeSpan time, TimeSpan pause)
    {
        Snapshots.Record(time.TotalSeconds);
        Pauses.Record(pause.TotalSeconds);
    }

    /// <summary>A sandbox was rolled back.</summary>
    public static void RolledBack(TimeSpan time) => Rollbacks.Record(time.TotalSeconds);

    private static Histogram<double> Times(string name, string help, double[] bounds) =>
        Meter.CreateHistogram(name, "s", help, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
