using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime;

/// <summary>An exec as it was at one moment, without its output.</summary>
public sealed record Exec
{
    /// <summary>The id.</summary>
    public required ExecId Id { get; init; }

    /// <summary>The sandbox it runs in.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The owner.</summary>
    public required SessionId Session { get; init; }

    /// <summary>What it is doing.</summary>
    public required ExecStatus Status { get; init; }

    /// <summary>The program's status, or 128 + n when signal n ended it; null while running and when there is none.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The contract's sentence about a failure.</summary>
    public string? Error { get; init; }

    /// <summary>Whether its own time limit ended it.</summary>
    public bool TimedOut { get; init; }

    /// <summary>What was done about memory while it ran, in the contract's words; null: nothing.</summary>
    public string? Recovery { get; init; }

    /// <summary>How it ran out of memory, or met its limit after growth had been refused; null: neither.</summary>
    public OomReport? Oom { get; init; }

    /// <summary>That it failed while its sandbox was at its disk limit; null: it did not.</summary>
    public DiskReport? Disk { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Completed { get; init; }

    /// <summary>Which call made it.</summary>
    public ExecOrigin Origin { get; init; }

    /// <summary>Whether it can be written to while it runs.</summary>
    public LiveInput Input { get; init; }

    /// <summary>The snapshot that holds the files as they were before it; null: none was looked for. It may have been deleted since.</summary>
    public SnapshotId? SnapshotBefore { get; init; }

    /// <summary>What it used; final execs that did start only.</summary>
    public ExecUsage? Usage { get; init; }

    /// <summary>Bytes written to standard output so far, stored or not.</summary>
    public long StdoutBytes { get; init; }

    /// <summary>Bytes written to standard error so far, stored or not.</summary>
    public long StderrBytes { get; init; }

    /// <summary>Whether the status is final.</summary>
    public bool IsFinal => Status is ExecStatus.Succeeded or ExecStatus.Failed or ExecStatus.Cancelled;
}
