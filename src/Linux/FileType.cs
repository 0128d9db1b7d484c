namespace Sleigh.Linux;

/// <summary>The type bits of a file's mode (S_IFMT).</summary>
public enum FileType
{
    /// <summary>None given.</summary>
    Unknown = 0,

    /// <summary>A named pipe.</summary>
    Fifo = 0x1000,

    /// <summary>A character device; with device number 0 an overlay's whiteout.</summary>
    CharacterDevice = 0x2000,

    /// <summary>A directory.</summary>
    Directory = 0x4000,

    /// <summary>A block device.</summary>
    BlockDevice = 0x6000,

    /// <summary>A regular file.</summary>
    Regular = 0x8000,

    /// <summary>A symbolic link.</summary>
    SymbolicLink = 0xA000,

    /// <summary>A unix socket's name.</summary>
    Socket = 0xC000,
}
