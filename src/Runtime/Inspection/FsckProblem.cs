namespace Sleigh.Runtime;

/// <summary>Something that is wrong, and how it is mended; null: not by us.</summary>
internal sealed record FsckProblem(string Kind, string Subject, string Explanation, Func<Task>? Repair = null)
{
    public FsckFinding As(FsckOutcome outcome, string? more = null) => new(Kind, Subject, outcome, more is null ? Explanation : $"{Explanation} {more}");
}
