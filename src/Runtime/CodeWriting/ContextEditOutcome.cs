namespace Sleigh.Runtime.CodeWriting;

/// <summary>What became of a <see cref="ContextEdit"/>.</summary>
public abstract record ContextEditOutcome
{
    private ContextEditOutcome()
    {
    }

    /// <summary>It was applied.</summary>
    /// <param name="File">The new bytes.</param>
    /// <param name="Occurrence">Which match, from 1.</param>
    /// <param name="Matches">How many there were.</param>
    public sealed record Applied(byte[] File, long Occurrence, long Matches) : ContextEditOutcome;

    /// <summary>The text is not there.</summary>
    public sealed record NoMatch : ContextEditOutcome;

    /// <summary>It is there more than once and none was picked, or less often than the one picked.</summary>
    /// <param name="Occurrence">The one picked; null: none.</param>
    /// <param name="Matches">How many there are.</param>
    /// <param name="Lines">Where the old text begins, from 1; of the first <see cref="ContextEdit.MostLines"/> matches.</param>
    public sealed record Unclear(long? Occurrence, long Matches, IReadOnlyList<int> Lines) : ContextEditOutcome;
}
