namespace Sleigh.Runtime;

/// <summary>Which differences are wanted.</summary>
/// <param name="Prefix">Only paths at or under this absolute path; <c>/</c> for all. No links are followed.</param>
/// <param name="After">Only paths behind this one, as bytes; empty for all.</param>
/// <param name="Limit">At most this many.</param>
public sealed record DiffQuery(string Prefix, ReadOnlyMemory<byte> After, int Limit)
{
    /// <summary>Whether what was moved is told as one change, as far as the kernel knows.</summary>
    public bool Renames { get; init; }

    /// <summary>Up to which size, in bytes, the two sides of a changed text file are shown as a patch; null: no patches.</summary>
    public int? PatchMaxBytes { get; init; }
}
