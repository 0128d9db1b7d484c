namespace Sleigh.Runtime.CodeWriting;

/// <summary>What became of the checks, or of the build.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Reason">Why it did not run; null when it did.</param>
public sealed record StageResult(StageStatus Status, string? Reason = null)
{
    /// <summary>Whether pre-commit or the language's own tools did it; null: neither.</summary>
    public CheckMode? Mode { get; init; }

    /// <summary>What is answered for a failure; null: none.</summary>
    public WriteFailure? Failure { get; init; }

    /// <summary>What pre-commit's formatters had to say.</summary>
    public IReadOnlyList<string> FormatIssues { get; init; } = [];

    /// <summary>What its other hooks had to say.</summary>
    public IReadOnlyList<string> LintIssues { get; init; } = [];

    internal static StageResult Passed { get; } = new(StageStatus.Passed);

    internal static StageResult NotRun(string reason) => new(StageStatus.NotRun, reason);

    internal static StageResult Failed(WriteFailure failure) => new(StageStatus.Failed) { Failure = failure };
}
