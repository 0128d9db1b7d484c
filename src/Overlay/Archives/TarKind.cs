namespace Sleigh.Overlay;

/// <summary>What a member of an archive is.</summary>
internal enum TarKind
{
    /// <summary>A regular file with its data.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>One more name for a member before.</summary>
    HardLink,

    /// <summary>A device or a FIFO.</summary>
    Special,
}
