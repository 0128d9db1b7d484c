using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>Hearing from sleigh-init, across lost connections and restarts of the daemon.</content>
internal sealed partial class Execs
{
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(5);

    /// <summary>Told when a slot's PID 1 is gone without our doing; set once, before anything starts.</summary>
    public Action<SandboxEntry, Slot> SlotDied { get; set; } = (_, _) => { };

    /// <summary>Where sleigh-init of a slot listens.</summary>
    public Func<SlotId, string> SocketOf { get; set; } = id => throw new InvalidOperationException($"nobody said where {id} listens");

    /// <summary>Takes up an exec that was running when an earlier run of the daemon ended.</summary>
    /// <param name="row">As recorded.</param>
    /// <param name="entry">Its sandbox.</param>
    /// <param name="slot">Its slot, if that still runs.</param>
    public void Adopt(ExecRow row, SandboxEntry entry, Slot? slot)
    {
        SafeFileHandle? file = _spool.OpenRecord(row.Exec.Id);
        ExecRecord? record = file is null ? null : ExecRecord.Read(file);
        Cgroup? leaf = slot is null ? null : Cgroup.TryOpen(Path.Combine(slot.Execs.Path, row.Exec.Id.ToString()));
        RunningExec running = new(row.Rollback is null ? row : row with { Exec = NotYetFinal(row.Exec) }, entry, slot, file ?? new SafeFileHandle(), leaf) { Input = InputOf(row.Exec.Id, row.Exec.Input) };
        _running[running.Id] = running;
        entry.TryAddCommand(int.MaxValue);
        if (row.Rollback is OomIntent rollback)
        {
            AdoptHeld(running, row.Exec, rollback);
            return;
        }

        if (row.KillAt is DateTimeOffset killAt && slot is not null)
        {
            // Also when its main process has ended meanwhile: the rest of its tree may ignore TERM.
            Terminate(running, killAt - _time.GetUtcNow());
        }

        if (record is { State: ExecState.Ended or ExecState.Failed })
        {
            OnEnded(running, record);
        }
        else if (slot is null || record is null)
        {
            Finish(running, ExecEnd.Decide(ExecEndCause.Lost, null, null), record);
        }
        else if (row.KillAt is null && row.TimeLimit is TimeSpan limit)
        {
            ArmLimit(running, row.Exec.Started + limit - _time.GetUtcNow());
        }
    }

    /// <summary>Follows a slot until it ends.</summary>
    public void Follow(SandboxEntry entry, Slot slot) => _ = Task.Run(() => FollowAsync(entry, slot));

    private async Task FollowAsync(SandboxEntry entry, Slot slot)
    {
        // It outlives the operation that began it, and is no part of its trace.
        Activity.Current = null;
        do
        {
            await foreach (ExecEnded ended in slot.Init.Ended.ReadAllAsync())
            {
                if (_running.TryGetValue(ended.Id, out RunningExec? running))
                {
                    OnEnded(running, ended.Record);
                }
            }
        }
        while (slot.Ending is null && !IsStopping && await ReconnectAsync(slot));

        if (slot.Ending is null && !IsStopping)
        {
            SlotGone(_logger, slot.Id.ToString(), entry.Id.ToString());
            slot.Ending = ExecEndCause.SandboxStopped;
            foreach (RunningExec running in _running.Values.Where(r => r.Slot == slot))
            {
                if (running.ReadRecord() is { State: ExecState.Ended } record)
                {
                    slot.Ending = null;
                    OnEnded(running, record);
                    slot.Ending = ExecEndCause.SandboxStopped;
                }
                else
                {
                    Finish(running, ExecEnd.Decide(ExecEndCause.SandboxStopped, null, null), running.ReadRecord());
                }
            }

            SlotDied(entry, slot);
        }
    }

    // sleigh-init drops a connection that does not read; it lives on, and its list and the records say what was missed.
    private async Task<bool> ReconnectAsync(Slot slot)
    {
        long begin = Environment.TickCount64;
        while (slot.IsProcessAlive && slot.Ending is null && Environment.TickCount64 - begin < ReconnectLimit.TotalMilliseconds)
        {
            try
            {
                InitConnection again = await InitConnection.ConnectAsync(SocketOf(slot.Id), CancellationToken.None);
                InitConnection lost = slot.Init;
                slot.Init = again;
                await lost.DisposeAsync();
                await SettleAsync(slot);
                return true;
            }
            catch (InitGoneException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
            }
        }

        return false;
    }

    /// <summary>Finishes what ended while nobody listened, and what never started. Called once after each connection.</summary>
    public async Task SettleAsync(Slot slot)
    {
        HashSet<ExecId> alive = [.. (await slot.Init.ListAsync(CancellationToken.None))
            .Where(e => e.State is ExecState.Running or ExecState.Starting).Select(e => e.Id)];
        foreach (RunningExec running in _running.Values.Where(r => r.Slot == slot && !r.IsStarting && !alive.Contains(r.Id)))
        {
            if (running.ReadRecord() is { State: ExecState.Ended or ExecState.Failed } record)
            {
                OnEnded(running, record);
            }
            else
            {
                Finish(running, ExecEnd.Decide(ExecEndCause.Lost, null, null), running.ReadRecord());
            }
        }

        await EndEndedInputsAsync(slot);
    }

    // The connection was lost between a start and its answer: ask again whether the command runs.
    private async Task ClearUpAsync(RunningExec running, Slot slot)
    {
        long begin = Environment.TickCount64;
        while (slot.IsProcessAlive && slot.Ending is null && Environment.TickCount64 - begin < ReconnectLimit.TotalMilliseconds)
        {
            try
            {
                switch (await slot.Init.RecordAsync(running.Id, CancellationToken.None))
                {
                    case null:
                        Finish(running, ExecEnd.NotStarted("the sandbox's init did not answer; try again"), null);
                        return;
                    case { State: ExecState.Ended or ExecState.Failed } record:
                        OnEnded(running, record);
                        return;
                    default:
                        return;
                }
            }
            catch (InitGoneException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
            }
        }

        Finish(running, ExecEnd.Decide(slot.Ending ?? ExecEndCause.SandboxStopped, null, null), running.ReadRecord());
    }

    [LoggerMessage(EventId = 1320, EventName = "exit", Level = LogLevel.Warning, Message = "PID 1 of {Slot} is gone; sandbox {Sandbox} has exited and starts again with its next command")]
    private static partial void SlotGone(ILogger logger, string slot, string sandbox);
}
