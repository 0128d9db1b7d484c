using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Which differences are wanted.</summary>
public sealed record TreeDiffQuery
{
    /// <summary>Only paths at or under this one: its names from the root on, no links followed; none for all.</summary>
    public IReadOnlyList<KernelPath> Prefix { get; init; } = [];

    /// <summary>Only paths behind this one; empty for all.</summary>
    public KernelPath After { get; init; }

    /// <summary>At most this many.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>
    /// Whether what was moved is told as one change, <see cref="TreeChange.Renamed"/>, at its new path. Told is only what the kernel
    /// knows to be the same file or directory, and only where both paths are under <see cref="Prefix"/>.
    /// </summary>
    public bool Renames { get; init; }

    /// <summary>Up to which size, in bytes, the two sides of a changed text file are shown as a patch; null: no patches.</summary>
    public int? PatchMaxBytes { get; init; }
}
