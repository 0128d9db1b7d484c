namespace Sleigh.Runtime.Options;

/// <summary>Section <c>audit</c>: who changed what, one line for each call.</summary>
public sealed record AuditOptions
{
    /// <summary>Key <c>audit.enabled</c>.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Key <c>audit.file</c>; null: <c>audit.jsonl</c> in the data directory.</summary>
    public string? File { get; init; }

    /// <summary>Key <c>audit.rotate_size</c>: a file that a line would make larger than this is put aside first.</summary>
    public long RotateSize { get; init; } = 64 * 1024 * 1024;

    /// <summary>Key <c>audit.rotate_count</c>: how many files put aside are kept.</summary>
    public int RotateCount { get; init; } = 10;

    /// <summary>Key <c>audit.commands</c>: whether the text of commands stands in the lines.</summary>
    public bool Commands { get; init; }

    /// <summary>Key <c>audit.on_failure</c>.</summary>
    public AuditFailure OnFailure { get; init; } = AuditFailure.Continue;
}
