using Microsoft.Win32.SafeHandles;

namespace Sleigh.Overlay;

/// <summary>What is to be put back from one tree into another.</summary>
public sealed record RestoreOrder
{
    /// <summary>The root of the tree as it was; nobody writes to it.</summary>
    public required SafeFileHandle From { get; init; }

    /// <summary>The root of the tree that is changed, perhaps by others too.</summary>
    public required SafeFileHandle Into { get; init; }

    /// <summary>Absolute, without a part <c>..</c>. Links on the way are followed, inside each tree; one in the last part is meant itself.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Whether what the tree did not have is removed: the paths themselves, and what is below them.</summary>
    public bool DeleteAdded { get; init; }

    /// <summary>Remembers the temporary name over the death of the daemon; null: nobody does.</summary>
    public ITemporaryNames? Names { get; init; }
}
