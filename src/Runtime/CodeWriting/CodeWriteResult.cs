namespace Sleigh.Runtime.CodeWriting;

/// <summary>What became of a code write.</summary>
public sealed record CodeWriteResult
{
    /// <summary>The file.</summary>
    public required SandboxFilePath Path { get; init; }

    /// <summary>What went wrong; null: nothing.</summary>
    public WriteFailure? Failure { get; init; }

    /// <summary>All of it.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Whether the file holds what was sent.</summary>
    public bool IsApplied { get; init; }

    /// <summary>The size of the file now; null: not known, or there is none.</summary>
    public long? Bytes { get; init; }

    /// <summary>Whether the file is again as it was before.</summary>
    public bool IsReverted { get; init; }

    /// <summary>The checks.</summary>
    public required StageResult Checks { get; init; }

    /// <summary>The build.</summary>
    public required StageResult Build { get; init; }

    /// <summary>The started command; null where none was asked for.</summary>
    public Exec? PostExec { get; init; }

    /// <summary>What is left of the time; never negative.</summary>
    public TimeSpan Remaining { get; init; }

    /// <summary>Messages of edit, checks and build.</summary>
    public string Stdout { get; init; } = string.Empty;

    /// <summary>Their errors.</summary>
    public string Stderr { get; init; } = string.Empty;

    /// <summary>Bytes cut off at the end of both; 0: none.</summary>
    public long OmittedBytes { get; init; }
}
