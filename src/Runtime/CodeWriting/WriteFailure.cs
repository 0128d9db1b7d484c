namespace Sleigh.Runtime.CodeWriting;

/// <summary>Why a code write did not do all it was asked for, in the contract's words.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Error">For people.</param>
public sealed record WriteFailure(string Code, string Error)
{
    /// <summary>How often the old text is there; null where that is not the matter.</summary>
    public long? Matches { get; init; }

    /// <summary>Lines of the first matches, from 1.</summary>
    public IReadOnlyList<int> MatchLines { get; init; } = [];

    /// <summary>Whether the time was over.</summary>
    public bool TimedOut { get; init; }

    internal static WriteFailure FileNotFound { get; } = new("file_not_found", "context_edit no_match: sandbox_path not found");

    internal static WriteFailure NoMatch { get; } = new(
        "no_match", "context_edit no_match: snippet not found; read latest file and provide tighter before_context/after_context");

    internal static WriteFailure NotAFile { get; } = new("not_a_file", "sandbox_path is not a regular file");

    internal static WriteFailure TooLarge { get; } = new("file_too_large", "context_edit refused: file is larger than 16 MiB");

    internal static WriteFailure TooLargeToPutBack { get; } = new("file_too_large", "revert_on_failure refused: file is larger than 16 MiB");

    internal static WriteFailure NoParent { get; } = new("write_failed", "ensure sandbox path failed");

    internal static WriteFailure NothingWritten { get; } = Late("code_write operation timed out");

    internal static WriteFailure PreCommitLate { get; } = Late("pre-commit checks timed out");

    internal static WriteFailure PreCommitFailed { get; } = new("quality_failed", "pre-commit checks failed; fix issues and retry");

    internal static WriteFailure Unclear(ContextEditOutcome.Unclear outcome) => (outcome.Occurrence is long occurrence
        ? new WriteFailure("occurrence_out_of_range", $"context_edit ambiguous_match: occurrence={occurrence} exceeds match count={outcome.Matches}")
        : new WriteFailure(
            "ambiguous_match", "context_edit ambiguous_match: snippet matched multiple locations; provide more context or set occurrence")) with
    {
        Matches = outcome.Matches, MatchLines = outcome.Lines,
    };

    internal static WriteFailure NotWritten(string reason) => new("write_failed", $"write to sandbox failed: {reason}");

    internal static WriteFailure ChecksFailed(CodeLanguage language) =>
        new("quality_failed", $"language quality checks failed for \"{CodeLanguages.NameOf(language)}\"");

    internal static WriteFailure ChecksLate(CodeLanguage language) =>
        Late($"language quality checks timed out for \"{CodeLanguages.NameOf(language)}\"");

    internal static WriteFailure BuildFailed(CodeLanguage language) => new("build_failed", $"build failed for language \"{CodeLanguages.NameOf(language)}\"");

    internal static WriteFailure BuildLate(CodeLanguage language) => Late($"build timed out for language \"{CodeLanguages.NameOf(language)}\"");

    private static WriteFailure Late(string error) => new("timed_out", error) { TimedOut = true };
}
