using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>Cancel, time limits, and the final state.</content>
internal sealed partial class Execs
{
    // KILL cannot be refused; what is not gone by then hangs in the kernel and must not hold up the result.
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan InitPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    /// <summary>
    /// Ends all commands of a slot that is about to be destroyed, and gives their ids. Each has its final state when this returns, but
    /// for one that a kill for memory has ended before and whose rollback is under way.
    /// </summary>
    public async Task<IReadOnlyList<ExecId>> EndSlotAsync(Slot slot, ExecEndCause cause)
    {
        slot.Ending = cause;
        RunningExec[] ended = [.. _running.Values.Where(r => r.Slot == slot)];
        KillAll(slot);
        await slot.Execs.WaitEmptyAsync(KillLimit);
        foreach (RunningExec running in ended)
        {
            Finish(running, ExecEnd.Decide(cause, null, null), running.ReadRecord());
        }

        return [.. ended.Select(r => r.Id)];
    }

    /// <summary>As <see cref="EndSlotAsync"/>, but the commands are asked to end first and have the grace time for it.</summary>
    public async Task StopSlotAsync(Slot slot, ExecEndCause cause)
    {
        slot.Ending = cause;
        try
        {
            slot.Execs.TerminateAll();
            if (await slot.Execs.WaitEmptyAsync(_options.Now.Exec.KillGrace))
            {
                // init tells of each end a moment after the process is gone.
                for (long begin = _time.GetTimestamp(); _running.Values.Any(r => r.Slot == slot) && _time.GetElapsedTime(begin) < InitPatience;)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(5), _time);
                }
            }
        }
        catch (KernelFileException)
        {
            // The cgroup is gone, and its processes with it.
        }

        await EndSlotAsync(slot, cause);
    }

    /// <summary>Ends a command as its time limit does; one that has ended already stays as it is.</summary>
    public void EndForTime(ExecId id)
    {
        if (_running.TryGetValue(id, out RunningExec? running) && !HasEnded(running))
        {
            End(running, ExecEndCause.TimeLimit);
        }
    }

    /// <summary>Kills what is left of a command that is being ended, without the rest of its grace time.</summary>
    public void Kill(ExecId id)
    {
        if (_running.TryGetValue(id, out RunningExec? running))
        {
            Quietly(running, leaf => leaf.Kill());
        }
    }

    private static void KillAll(Slot slot)
    {
        try
        {
            slot.Execs.Kill();
        }
        catch (KernelFileException)
        {
            // The cgroup is gone, and its processes with it.
        }
    }

    // A timer holds at most 49 days; a longer limit is looked at again then.
    private void ArmLimit(RunningExec running, TimeSpan left) => running.ArmLimit(_time.CreateTimer(
        _ =>
        {
            TimeSpan rest = left - LongestTimer;
            if (rest > TimeSpan.Zero)
            {
                ArmLimit(running, rest);
            }
            else
            {
                End(running, ExecEndCause.TimeLimit);
            }
        },
        null,
        left < TimeSpan.Zero ? TimeSpan.Zero : left > LongestTimer ? LongestTimer : left,
        Timeout.InfiniteTimeSpan));

    /// <summary>Sends TERM to the whole tree and sets the timer for KILL; false when it is being ended already.</summary>
    private bool End(RunningExec running, ExecEndCause cause)
    {
        DateTimeOffset killAt = _time.GetUtcNow() + _options.Now.Exec.KillGrace;
        if (!running.TryEnd(cause, killAt))
        {
            return false;
        }

        try
        {
            _records.MarkExecEnding(running.Id, running.Row.Exec.Status, cause, killAt);
        }
        catch (SqliteException e)
        {
            NotRecorded(_logger, running.Id.ToString(), e);
        }

        Terminate(running, _options.Now.Exec.KillGrace);
        return true;
    }

    private void Terminate(RunningExec running, TimeSpan grace)
    {
        Quietly(running, leaf => leaf.TerminateAll());
        running.ArmKill(_time.CreateTimer(
            _ => Quietly(running, leaf => leaf.Kill()), null, grace < TimeSpan.Zero ? TimeSpan.Zero : grace, Timeout.InfiniteTimeSpan));
    }

    private void Quietly(RunningExec running, Action<Cgroup> act)
    {
        try
        {
            if (running.Leaf is Cgroup leaf)
            {
                act(leaf);
            }
        }
        catch (Exception e) when (e is KernelFileException or IOException)
        {
            NotSignalled(_logger, running.Id.ToString(), e);
        }
    }

    /// <summary>The main process has ended. What else a cancel or a time limit has to end is waited for.</summary>
    private void OnEnded(RunningExec running, ExecRecord record)
    {
        ExecEndCause cause = running.Slot?.Ending ?? running.Row.Cause;
        if (cause is ExecEndCause.Cancel or ExecEndCause.TimeLimit or ExecEndCause.DiskLimit && IsPopulated(running.Leaf))
        {
            _ = FinishWhenEmptyAsync(running, cause, record);
            return;
        }

        Finish(running, Outcome(running, cause, record), record);
    }

    private static ExecEnd Outcome(RunningExec running, ExecEndCause cause, ExecRecord record) => record.State == ExecState.Failed
        ? ExecEnd.NotStarted($"{record.FailedStage} failed with {record.FailedErrno}")
        : ExecEnd.Decide(cause, record.WaitStatus, running.Row.TimeLimit);

    private static bool IsPopulated(Cgroup? leaf)
    {
        try
        {
            return leaf is not null && leaf.ReadEvents().Populated;
        }
        catch (KernelFileException)
        {
            return false;
        }
    }

    private async Task FinishWhenEmptyAsync(RunningExec running, ExecEndCause cause, ExecRecord record)
    {
        try
        {
            await running.Leaf!.WaitEmptyAsync(_options.Now.Exec.KillGrace + KillLimit);
        }
        catch (KernelFileException)
        {
            // The cgroup is gone: nothing is left in it.
        }

        Finish(running, Outcome(running, cause, record), record);
    }

    /// <summary>Finds the final state once, and closes the command with it: at once, or behind a rollback that it sets off.</summary>
    private void Finish(RunningExec running, ExecEnd end, ExecRecord? record)
    {
        if (!running.TryBeginFinish())
        {
            return;
        }

        ExecRow row = running.Row;
        bool started = record is { State: ExecState.Ended or ExecState.Running };
        DateTimeOffset completed = record?.Ended ?? _time.GetUtcNow();
        TimeSpan wall = record is { State: ExecState.Ended } ? record.Wall : completed - row.Exec.Started;
        CgroupUsage? figures = started ? ExecUsageReader.Read(running.Leaf) : null;
        if (figures?.MemoryEvents is { OomKill: > 0 } && record is { State: ExecState.Ended })
        {
            // The kernel ends the whole leaf: what came upon the sandbox behind that did not end this command.
            end = Outcome(running, running.Row.Cause, record);
        }

        Exec final = row.Exec with
        {
            Status = end.Status, ExitCode = end.ExitCode, Error = end.Error, TimedOut = end.TimedOut, Completed = completed,
            Usage = started ? ExecUsageReader.Of(figures, wall) : null,
            StdoutBytes = record?.StdoutTotal ?? 0, StderrBytes = record?.StderrTotal ?? 0,
        };
        final = started ? WithDisk(running, WithMemory(running, final, figures)) : final;
        if (SetsRollbackOff(running, final))
        {
            RollBackAndClose(running, final);
        }
        else
        {
            Close(running, final, final.Oom is { Killed: true } ? AfterKill(running) : null, told: false);
        }
    }

    /// <summary>Records the final state, wakes who waits, and tidies up behind their back.</summary>
    private void Close(RunningExec running, Exec exec, OomAftermath? aftermath, bool told)
    {
        Exec final = aftermath is null ? exec : exec with { Recovery = RecoveryText.Add(exec.Recovery, aftermath) };
        try
        {
            _records.FinishExec(final, told);
        }
        catch (SqliteException e)
        {
            // The result is answered all the same; the next start finds it again in the spool.
            NotRecorded(_logger, running.Id.ToString(), e);
        }

        // Before anybody is woken: who waits for the end finds it counted.
        SandboxMeters.Finished(final.Origin, final.Status, (final.Completed ?? final.Started) - final.Started);
        running.Trace?.End(final);
        running.Complete(final);
        if (_running.TryRemove(running.Id, out _))
        {
            running.Sandbox.RemoveCommand();
        }

        _ = Task.Run(() => TidyAsync(running));
    }

    private async Task TidyAsync(RunningExec running)
    {
        running.Dispose();
        try
        {
            if (running.Row.Exec.Input != LiveInput.None)
            {
                File.Delete(_spool.InputPath(running.Id));
            }

            Exec exec = running.Row.Exec;
            _spool.CountAhead(exec.Id, ExecStream.Stdout, exec.StdoutBytes);
            _spool.CountAhead(exec.Id, ExecStream.Stderr, exec.StderrBytes);

            // A leaf with processes that the command left behind stays until its slot ends.
            running.Leaf?.TryRemove();
            if (running.Slot is { Ending: null } slot)
            {
                await slot.Init.ForgetAsync(running.Id, CancellationToken.None);
            }
        }
        catch (IOException e)
        {
            NotTidied(_logger, running.Id.ToString(), e);
        }
    }

    [LoggerMessage(EventId = 1312, EventName = "end-exec", Level = LogLevel.Error, Message = "Could not record what became of {Exec}")]
    private static partial void NotRecorded(ILogger logger, string exec, Exception exception);

    [LoggerMessage(EventId = 1310, EventName = "end-exec", Level = LogLevel.Warning, Message = "Could not signal the processes of {Exec}")]
    private static partial void NotSignalled(ILogger logger, string exec, Exception exception);

    [LoggerMessage(EventId = 1311, EventName = "end-exec", Level = LogLevel.Debug, Message = "What {Exec} left goes with its slot")]
    private static partial void NotTidied(ILogger logger, string exec, Exception exception);
}
