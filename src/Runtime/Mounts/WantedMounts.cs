using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>The mounts that a slot is to have.</summary>
/// <param name="Mounts">In the order in which they are put in.</param>
/// <param name="MustHaveAll">Whether one that cannot be put in fails the whole; else the sandbox runs without it.</param>
internal sealed record WantedMounts(IReadOnlyList<MountRecord> Mounts, bool MustHaveAll)
{
    /// <summary>None.</summary>
    public static readonly WantedMounts None = new([], false);
}
