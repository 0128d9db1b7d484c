namespace Sleigh.Overlay;

/// <summary>What a sandbox's file tree is made of. A value: <see cref="TreeMounter"/> carries it out.</summary>
public sealed record TreePlan
{
    /// <summary>
    /// Read-only directories, uppermost first: the sealed lowers of the live layer, then the image's layers.
    /// </summary>
    public required IReadOnlyList<string> Lowers { get; init; }

    /// <summary>The writable directory. Its mode and owner become those of <c>/</c>.</summary>
    public required string Upper { get; init; }

    /// <summary>The overlay's work directory: in the upper's filesystem (and subvolume), not used by any other mount.</summary>
    public required string Work { get; init; }

    /// <summary>
    /// True: fsync inside the sandbox promises nothing and costs nothing, and detaching does not flush. The work directory
    /// cannot be used for a second mount then.
    /// </summary>
    public bool Volatile { get; init; }

    /// <summary>Under which owners the layers show: those of a user namespace. Null: as they are.</summary>
    public OwnerMap? Owners { get; init; }

    /// <summary>Files of the sandbox's own laid over files of the tree, such as /etc/hosts. What the tree lacks there is made.</summary>
    public IReadOnlyList<OwnFile> OwnFiles { get; init; } = [];

    /// <summary>
    /// Directories of the root that alone can be written to, such as <c>tmp</c>; what is missing is made, for everybody (mode 1777). Null: all
    /// of the tree can be written to.
    /// </summary>
    public IReadOnlyList<string>? WritableOnly { get; init; }

    /// <summary>Directories that are made where they are missing, before the tree becomes read-only: absolute paths.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>The host name to set in the slot's UTS namespace; null leaves it.</summary>
    public string? HostName { get; init; }

    /// <summary>Size of the new tmpfs at /dev/shm.</summary>
    public long SharedMemoryBytes { get; init; } = 64 << 20;
}
