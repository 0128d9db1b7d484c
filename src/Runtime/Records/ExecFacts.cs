using System.Text.Json.Serialization;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Records;

/// <summary>A command as an event keeps it: the event outlives the command's own record. Whose it is, the event says.</summary>
internal sealed record ExecFacts
{
    [JsonConverter(typeof(JsonStringEnumConverter<ExecStatus>))]
    public ExecStatus Status { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter<ExecOrigin>))]
    public ExecOrigin Origin { get; init; }

    public int? ExitCode { get; init; }

    public string? Error { get; init; }

    public bool TimedOut { get; init; }

    public string? Recovery { get; init; }

    public OomReport? Oom { get; init; }

    public string? SnapshotBefore { get; init; }

    public DiskReport? Disk { get; init; }

    public long Started { get; init; }

    public long? Completed { get; init; }

    public ExecUsage? Usage { get; init; }

    public long StdoutBytes { get; init; }

    public long StderrBytes { get; init; }

    public static ExecFacts Of(Exec exec) => new()
    {
        Status = exec.Status, Origin = exec.Origin, ExitCode = exec.ExitCode, Error = exec.Error, TimedOut = exec.TimedOut,
        Recovery = exec.Recovery, Oom = exec.Oom, SnapshotBefore = exec.SnapshotBefore?.ToString(), Disk = exec.Disk,
        Started = exec.Started.ToUnixTimeMilliseconds(), Completed = exec.Completed?.ToUnixTimeMilliseconds(), Usage = exec.Usage,
        StdoutBytes = exec.StdoutBytes, StderrBytes = exec.StderrBytes,
    };

    public Exec ToExec(ExecId id, SandboxId sandbox, SessionId session) => new()
    {
        Id = id, Sandbox = sandbox, Session = session, Status = Status, Origin = Origin, ExitCode = ExitCode, Error = Error, TimedOut = TimedOut,
        Recovery = Recovery, Oom = Oom, SnapshotBefore = SnapshotBefore is string before ? SnapshotId.Parse(before) : null, Disk = Disk,
        Started = DateTimeOffset.FromUnixTimeMilliseconds(Started),
        Completed = Completed is long end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
        Usage = Usage, StdoutBytes = StdoutBytes, StderrBytes = StderrBytes,
    };
}
