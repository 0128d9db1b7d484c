using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A member of a tar archive. Names are bytes, as the archive and the kernel have them.</summary>
internal sealed record TarMember
{
    public required TarKind Kind { get; init; }

    /// <summary>The path within the archive.</summary>
    public required KernelPath Name { get; init; }

    /// <summary>Where a link points.</summary>
    public KernelPath Target { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    public int Mode { get; init; }

    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    /// <summary>Bytes of data that follow; 0 for all but files.</summary>
    public long Size { get; init; }

    public FileTime Modified { get; init; }

    /// <summary>What a <see cref="TarKind.Special"/> is: a FIFO or a device.</summary>
    public FileType Node { get; init; }

    /// <summary>For a device: which.</summary>
    public ulong Device { get; init; }

    /// <summary>Extended attributes; written, not read.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Attributes { get; init; } = [];
}
