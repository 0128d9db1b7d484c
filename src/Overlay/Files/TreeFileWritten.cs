namespace Sleigh.Overlay;

/// <summary>What was written.</summary>
/// <param name="Bytes">The file's size.</param>
/// <param name="Created">Whether there was no file before.</param>
public sealed record TreeFileWritten(long Bytes, bool Created)
{
    /// <summary>Permission bits that the file has, with setuid, setgid and sticky.</summary>
    public int Mode { get; init; }

    /// <summary>Owner that the file has.</summary>
    public uint UserId { get; init; }

    /// <summary>Group that the file has.</summary>
    public uint GroupId { get; init; }
}
