using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

/// <summary>The contract's words for what can fail; those of checks and builds are in their own tests.</summary>
public sealed class WriteFailureTests
{
    public static TheoryData<string, string, string> Words => new()
    {
        { nameof(WriteFailure.FileNotFound), "file_not_found", "context_edit no_match: sandbox_path not found" },
        {
            nameof(WriteFailure.NoMatch), "no_match",
            "context_edit no_match: snippet not found; read latest file and provide tighter before_context/after_context"
        },
        { nameof(WriteFailure.NotAFile), "not_a_file", "sandbox_path is not a regular file" },
        { nameof(WriteFailure.TooLarge), "file_too_large", "context_edit refused: file is larger than 16 MiB" },
        { nameof(WriteFailure.NoParent), "write_failed", "ensure sandbox path failed" },
        { nameof(WriteFailure.NothingWritten), "timed_out", "code_write operation timed out" },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void Each_has_its_code_and_its_sentence(string name, string code, string error)
    {
        WriteFailure failure = name switch
        {
            nameof(WriteFailure.FileNotFound) => WriteFailure.FileNotFound,
            nameof(WriteFailure.NoMatch) => WriteFailure.NoMatch,
            nameof(WriteFailure.NotAFile) => WriteFailure.NotAFile,
            nameof(WriteFailure.TooLarge) => WriteFailure.TooLarge,
            nameof(WriteFailure.NoParent) => WriteFailure.NoParent,
            _ => WriteFailure.NothingWritten,
        };

        Assert.Equal((code, error, code == "timed_out"), (failure.Code, failure.Error, failure.TimedOut));
    }

    [Fact]
    public void Several_matches_without_an_occurrence_are_ambiguous()
    {
        WriteFailure failure = WriteFailure.Unclear(new ContextEditOutcome.Unclear(null, 3, [1, 4, 9]));

        Assert.Equal("ambiguous_match", failure.Code);
        Assert.Equal("context_edit ambiguous_match: snippet matched multiple locations; provide more context or set occurrence", failure.Error);
        Assert.Equal(3, failure.Matches);
        Assert.Equal([1, 4, 9], failure.MatchLines);
    }

    [Fact]
    public void An_occurrence_too_many_is_told_with_the_count()
    {
        WriteFailure failure = WriteFailure.Unclear(new ContextEditOutcome.Unclear(5, 2, [1, 4]));

        Assert.Equal(("occurrence_out_of_range", "context_edit ambiguous_match: occurrence=5 exceeds match count=2"), (failure.Code, failure.Error));
    }

    [Fact]
    public void A_refused_write_gives_the_reason() => Assert.Equal(
        ("write_failed", "write to sandbox failed: the disk is full"),
        (WriteFailure.NotWritten("the disk is full").Code, WriteFailure.NotWritten("the disk is full").Error));
}
