using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <summary>A command without a final state, in the memory of the daemon.</summary>
internal sealed class RunningExec : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<Exec> _final = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ExecRow _row;
    private ITimer? _limit;
    private ITimer? _kill;
    private bool _finishing;

    public RunningExec(ExecRow row, SandboxEntry sandbox, Slot? slot, SafeFileHandle record, Cgroup? leaf) =>
        (_row, Sandbox, Slot, RecordFile, Leaf) = (row, sandbox, slot, record, leaf);

    public SandboxEntry Sandbox { get; }

    /// <summary>Where it runs; null when it was found after a restart without its slot.</summary>
    public Slot? Slot { get; }

    /// <summary>sleigh-init writes totals and the end here.</summary>
    public SafeFileHandle RecordFile { get; }

    /// <summary>The cgroup of all its processes; null when it is gone.</summary>
    public Cgroup? Leaf { get; }

    /// <summary>What can be written to it; null without live input.</summary>
    public ExecInput? Input { get; init; }

    /// <summary>What its slot's limit had done when it started; null when not known, as after a restart.</summary>
    public LimitCounts? CountsAtStart { get; init; }

    /// <summary>Its trace; null when nobody listens, and after a restart.</summary>
    public ExecSpan? Trace { get; init; }

    /// <summary>True until its start has been answered, or given up.</summary>
    public bool IsStarting { get; set; }

    /// <summary>Completes with the final state, once it is recorded.</summary>
    public Task<Exec> Final => _final.Task;

    public ExecId Id => _row.Exec.Id;

    /// <summary>What is recorded of it now.</summary>
    public ExecRow Row
    {
        get
        {
            lock (_lock)
            {
                return _row;
            }
        }
    }

    /// <summary>What callers see now, with the totals written so far.</summary>
    public Exec View
    {
        get
        {
            Exec exec = Row.Exec;
            // The row is final before the record is closed: where there is no record any more, the row has the totals.
            return exec.IsFinal || ReadRecord() is not ExecRecord record
                ? Row.Exec
                : exec with { StdoutBytes = record.StdoutTotal, StderrBytes = record.StderrTotal };
        }
    }

    /// <summary>What sleigh-init has written by now; null when it has written nothing, or when the exec is final.</summary>
    public ExecRecord? ReadRecord()
    {
        try
        {
            return RecordFile.IsClosed ? null : ExecRecord.Read(RecordFile);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Notes why it is being ended; false when it is being ended already.</summary>
    public bool TryEnd(ExecEndCause cause, DateTimeOffset killAt)
    {
        lock (_lock)
        {
            if (_row.Cause != ExecEndCause.Itself || _finishing)
            {
                return false;
            }

            ExecStatus status = cause == ExecEndCause.Cancel ? ExecStatus.Cancelling : ExecStatus.Running;
            _row = _row with { Cause = cause, KillAt = killAt, Exec = _row.Exec with { Status = status } };
            return true;
        }
    }

    /// <summary>True for the first caller, who then finishes it.</summary>
    public bool TryBeginFinish()
    {
        lock (_lock)
        {
            bool first = !_finishing;
            _finishing = true;
            return first;
        }
    }

    /// <summary>Lets everyone who waits have the final state.</summary>
    public void Complete(Exec final)
    {
        lock (_lock)
        {
            _row = _row with { Exec = final };
        }

        _final.TrySetResult(final);
    }

    /// <summary>Sets the timer that ends it when its time limit passes.</summary>
    public void ArmLimit(ITimer timer) => Arm(ref _limit, timer);

    /// <summary>Sets the timer that kills what TERM has left.</summary>
    public void ArmKill(ITimer timer) => Arm(ref _kill, timer);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _limit?.Dispose();
            _kill?.Dispose();
        }

        Input?.Dispose();
        RecordFile.Dispose();
    }

    private void Arm(ref ITimer? place, ITimer timer)
    {
        lock (_lock)
        {
            if (_finishing)
            {
                timer.Dispose();
            }
            else
            {
                place?.Dispose();
                place = timer;
            }
        }
    }
}
