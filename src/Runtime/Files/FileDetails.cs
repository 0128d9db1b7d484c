namespace Sleigh.Runtime;

/// <summary>What is at a path of a sandbox.</summary>
public sealed record FileDetails
{
    /// <summary><c>file</c>, <c>dir</c>, <c>symlink</c> or <c>other</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    public required int Mode { get; init; }

    /// <summary>Owner.</summary>
    public required uint UserId { get; init; }

    /// <summary>Group.</summary>
    public required uint GroupId { get; init; }

    /// <summary>Last change of the data.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <summary>Another text for each version of the file: its inode, size and time of change.</summary>
    public string Version { get; init; } = "";

    /// <summary>Where a symbolic link points; bytes that are no UTF-8 are replaced.</summary>
    public string? LinkTarget { get; init; }
}
