using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>How to open a file: open(2). Close-on-exec is always set.</summary>
[Flags]
public enum OpenFlags
{
    /// <summary>For reading.</summary>
    ReadOnly = 0,

    /// <summary>For writing.</summary>
    WriteOnly = 1,

    /// <summary>For both.</summary>
    ReadWrite = 2,

    /// <summary>Make it if it is not there.</summary>
    Create = 1 << 2,

    /// <summary>Fail with EEXIST if it is there.</summary>
    Exclusive = 1 << 3,

    /// <summary>Fail with ENOTDIR if it is no directory.</summary>
    Directory = 1 << 4,

    /// <summary>Fail with ELOOP if the last part is a symbolic link (with <see cref="PathOnly"/>: open the link itself).</summary>
    NoFollow = 1 << 5,

    /// <summary>A handle that names the file without opening it: nothing is read, no device is touched.</summary>
    PathOnly = 1 << 6,

    /// <summary>Never wait for a FIFO's other side.</summary>
    NonBlocking = 1 << 7,

    /// <summary>Never become the controlling terminal.</summary>
    NoControllingTerminal = 1 << 8,

    /// <summary>Cut to nothing.</summary>
    Truncate = 1 << 9,

    /// <summary>Do not change the access time; EPERM unless owner or privileged.</summary>
    NoAccessTime = 1 << 10,

    /// <summary>
    /// O_TMPFILE: a new regular file without a name in the directory that the path names; it goes with its last descriptor
    /// unless <see cref="Files.LinkOpen"/> gives it a name. overlayfs has it since Linux 6.3; EOPNOTSUPP where it lacks.
    /// </summary>
    Unnamed = 1 << 11,

    /// <summary>O_APPEND: each write goes behind what is there, in one step with finding that end.</summary>
    Append = 1 << 12,
}

internal static class NativeOpenFlags
{
    // O_DIRECTORY and O_NOFOLLOW are among the few numbers that differ between the two machines.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int Of(OpenFlags flags)
    {
        int native = (int)flags & 3;
        native |= 0x80000; // O_CLOEXEC
        native |= flags.HasFlag(OpenFlags.Create) ? 0x40 : 0;
        native |= flags.HasFlag(OpenFlags.Exclusive) ? 0x80 : 0;
        native |= flags.HasFlag(OpenFlags.NoControllingTerminal) ? 0x100 : 0;
        native |= flags.HasFlag(OpenFlags.Truncate) ? 0x200 : 0;
        native |= flags.HasFlag(OpenFlags.Append) ? 0x400 : 0;
        native |= flags.HasFlag(OpenFlags.NonBlocking) ? 0x800 : 0;
        native |= flags.HasFlag(OpenFlags.NoAccessTime) ? 0x40000 : 0;
        native |= flags.HasFlag(OpenFlags.PathOnly) ? 0x200000 : 0;
        native |= flags.HasFlag(OpenFlags.Unnamed) ? 0x400000 | (Arm ? 0x4000 : 0x10000) : 0; // O_TMPFILE holds O_DIRECTORY
        native |= flags.HasFlag(OpenFlags.Directory) ? (Arm ? 0x4000 : 0x10000) : 0;
        native |= flags.HasFlag(OpenFlags.NoFollow) ? (Arm ? 0x8000 : 0x20000) : 0;
        return native;
    }
}
