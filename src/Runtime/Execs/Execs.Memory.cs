using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>What memory had to do with a command's end, and the rollback that may follow.</content>
internal sealed partial class Execs
{
    private const long MiB = 1024 * 1024;

    /// <summary>What was decided about limits; set once, before anything starts.</summary>
    public IGrowthHistory? Growth { get; set; }

    /// <summary>What <c>on_oom: rollback</c> asks for.</summary>
    public OomRollbacks Rollbacks { get; } = new();

    private Exec WithMemory(RunningExec running, Exec exec, CgroupUsage? figures)
    {
        ExecEndCause cause = CauseOf(running);
        IGrowthHistory history = Growth ?? throw new InvalidOperationException("nobody said what was decided about limits");
        GrowthSpan span = history.Of(running.Sandbox, exec.Started, exec.Completed ?? _time.GetUtcNow());

        // The slot's counts are read only where they can tell something.
        bool matters = figures?.MemoryEvents is { OomKill: > 0 } || span.LastRefusal is not null
            || (exec.ExitCode == OomFinding.KilledBySignal9 && cause == ExecEndCause.Itself);
        if (!matters || running.Slot is not Slot slot)
        {
            return exec with { Recovery = RecoveryText.Of(OomFinding.None, null, span) };
        }

        LimitCounts? after = slot.ReadLimitCounts(withPeak: true);
        OomFinding finding = OomFinding.Of(figures, running.CountsAtStart, after, span.WallBytes, exec.ExitCode, cause);
        OomReport? report = OomReport.Of(finding, figures?.MemoryPeak, after?.Peak, span);
        Tell(exec, finding, report, span);
        if (finding.Unattributed && running.CountsAtStart?.LegacyKills is long before && after?.LegacyKills is long kills)
        {
            // Where version 2 counts, the memory loop adds kills up as it hears of them.
            MemoryMeters.OomKilled(slot.TellKills(before, kills));
        }

        return exec with { Oom = report, Recovery = RecoveryText.Of(finding, report, span) };
    }

    private void Tell(Exec exec, OomFinding finding, OomReport? report, GrowthSpan span)
    {
        (string id, string sandbox) = (exec.Id.ToString(), exec.Sandbox.ToString());
        string refused = span.LastRefusal is MemoryRecord refusal ? $"refused last: {refusal.Reason}" : "never refused";
        switch (report)
        {
            case { Killed: true }:
                OutOfMemory(_logger, id, sandbox, report.LimitMb, (report.PeakBytes ?? 0) / MiB, report.GrowthAttempts, refused, report.Advice);
                break;
            case not null:
                LimitMet(_logger, id, sandbox, report.LimitMb, (report.PeakBytes ?? 0) / MiB, report.GrowthAttempts, refused, report.Advice);
                break;
            case null when finding.Unattributed:
                SomebodyKilled(_logger, sandbox, id);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// Whether the command's end is not told before a rollback is done. What the caller does to the sandbox never sets one off, but a
    /// command that was killed too joins the one under way.
    /// </summary>
    private bool SetsRollbackOff(RunningExec running, Exec exec) =>
        exec.Oom is { Killed: true } && running.Sandbox.Record.Sandbox.OnOom == OomAction.Rollback && running.Slot?.Layer is string layer
        && (CauseOf(running) is not (ExecEndCause.Delete or ExecEndCause.Rollback or ExecEndCause.SandboxStopped) || Rollbacks.IsRunning(layer));

    // What the caller did to the sandbox is told by the command's error.
    private static OomAftermath AfterKill(RunningExec running) => CauseOf(running) is ExecEndCause.Delete or ExecEndCause.Rollback
        ? new OomAftermath.Overtaken()
        : new OomAftermath.Nothing();

    // The intent is recorded before anything is done, and by the time this returns the rollback is begun or joined.
    private void RollBackAndClose(RunningExec running, Exec final)
    {
        if (Rollbacks.Newest(final.Sandbox) is not SnapshotId snapshot)
        {
            Close(running, final, new OomAftermath.NoSnapshot(), told: false);
            return;
        }

        OomIntent intent = new(running.Slot!.Layer!, snapshot, final.Status);
        CloseBehind(running, final, told: TryHold(running, final, intent), Rollbacks.Begin(running.Sandbox, intent));
    }

    private bool TryHold(RunningExec running, Exec final, OomIntent intent)
    {
        try
        {
            _records.HoldExec(final, running.Row.Exec.Status, intent);
            return true;
        }
        catch (SqliteException e)
        {
            NotRecorded(_logger, running.Id.ToString(), e);
            return false;
        }
    }

    private void CloseBehind(RunningExec running, Exec final, bool told, Task<OomAftermath> rollback) => _background.Run(
        $"end {running.Id}, whose sandbox is rolled back,",
        async () =>
        {
            OomAftermath aftermath = await rollback;
            if (aftermath is not OomAftermath.Postponed)
            {
                Close(running, final, aftermath, told);
            }
        });

    // A daemon that died between the kill and the final state: the rollback was done when the files are others, else it is done now.
    private void AdoptHeld(RunningExec running, Exec held, OomIntent intent)
    {
        running.TryBeginFinish();
        Exec final = held with { Status = intent.Status };
        SandboxRecord sandbox = running.Sandbox.Record;
        if (sandbox.Layer != intent.Layer)
        {
            Close(running, final, sandbox.Sandbox.BaseSnapshot == intent.Snapshot ? new OomAftermath.RolledBack(intent.Snapshot) : new OomAftermath.Overtaken(), told: true);
        }
        else
        {
            CloseBehind(running, final, told: true, Rollbacks.Begin(running.Sandbox, intent));
        }
    }

    // Callers see no end before the rollback.
    private static Exec NotYetFinal(Exec held) => held with
    {
        ExitCode = null, Error = null, TimedOut = false, Completed = null, Usage = null, Recovery = null, Oom = null, Disk = null,
    };

    private static ExecEndCause CauseOf(RunningExec running) => running.Slot?.Ending ?? running.Row.Cause;

    [LoggerMessage(EventId = 1330, EventName = "oom", Level = LogLevel.Warning, Message = "Out of memory: {Exec} of {Sandbox} was killed at the limit of {Limit} MB; its peak {Peak} MB, growth tried {Attempts} times ({Refused}); {Advice}")]
    private static partial void OutOfMemory(ILogger logger, string exec, string sandbox, long limit, long peak, int attempts, string refused, string advice);

    [LoggerMessage(EventId = 1331, EventName = "oom", Level = LogLevel.Information, Message = "{Exec} of {Sandbox} met the limit of {Limit} MB and lived; its peak {Peak} MB, growth tried {Attempts} times ({Refused}); {Advice}")]
    private static partial void LimitMet(ILogger logger, string exec, string sandbox, long limit, long peak, int attempts, string refused, string advice);

    [LoggerMessage(EventId = 1332, EventName = "oom", Level = LogLevel.Warning, Message = "The kernel killed a process in {Sandbox} for memory while {Exec} ran, which signal 9 ended; this host cannot tell whose it was")]
    private static partial void SomebodyKilled(ILogger logger, string sandbox, string exec);
}
