using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>What statx(2) tells about a file.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Mode">Permission bits with setuid, setgid and sticky, without the type.</param>
/// <param name="Links">How many names it has.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="Size">Bytes.</param>
/// <param name="AllocatedBytes">Bytes that its data takes on the disk.</param>
/// <param name="Device">The filesystem's device number.</param>
/// <param name="Inode">The number within the filesystem.</param>
/// <param name="SpecialDevice">For a device file: which device; 0 is an overlay's whiteout.</param>
/// <param name="AccessTime">Last read.</param>
/// <param name="ModifyTime">Last change of the data.</param>
/// <param name="ChangeTime">Last change of data or attributes; nobody can set it.</param>
/// <param name="MountId">The mount it was reached through (Linux 5.8): the number that mountinfo shows.</param>
public readonly record struct FileStatus(
    FileType Type,
    int Mode,
    uint Links,
    uint UserId,
    uint GroupId,
    long Size,
    long AllocatedBytes,
    ulong Device,
    ulong Inode,
    ulong SpecialDevice,
    FileTime AccessTime,
    FileTime ModifyTime,
    FileTime ChangeTime,
    ulong MountId)
{
    /// <summary>A character device with number 0: the overlay's mark for "deleted here".</summary>
    public bool IsWhiteout => Type == FileType.CharacterDevice && SpecialDevice == 0;

    /// <summary>Whether a mount begins here (Linux 5.8).</summary>
    public bool IsMountRoot { get; init; }

    /// <summary>When the inode was made; nobody can set it. Null where the filesystem keeps no such time.</summary>
    public FileTime? BirthTime { get; init; }
}

public static partial class Files
{
    private const int SymlinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const uint BirthTimeMask = 0x800;
    private const uint MountIdMask = 0x1000;
    private const ulong MountRootAttribute = 0x2000;

    /// <summary>What is behind an open descriptor.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileStatus Stat(SafeFileHandle file) => Stat(file, default);

    /// <summary>What is at a name; a symbolic link is described itself.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileStatus Stat(SafeFileHandle directory, KernelPath path) =>
        TryStat(directory, path, out Errno errno)
        ?? throw new KernelException("stat", Descriptors.Describe(directory, path), errno);

    /// <summary>As <see cref="Stat(SafeFileHandle, KernelPath)"/>, with the error as a value.</summary>
    public static FileStatus? TryStat(SafeFileHandle directory, KernelPath path, out Errno errno)
    {
        int flags = SymlinkNoFollow | (path.IsEmpty ? EmptyPath : 0);
        if (StatX(directory, path.Terminated, flags, BasicStats | BirthTimeMask | MountIdMask, out StatXBuffer s) != 0)
        {
            errno = (Errno)Marshal.GetLastPInvokeError();
            return null;
        }

        errno = Errno.None;
        return new FileStatus(
            (FileType)(s.Mode & 0xF000),
            s.Mode & 0xFFF,
            s.Links,
            s.UserId,
            s.GroupId,
            (long)s.Size,
            (long)s.Blocks * 512,
            DeviceNumber(s.DeviceMajor, s.DeviceMinor),
            s.Inode,
            DeviceNumber(s.SpecialMajor, s.SpecialMinor),
            new FileTime(s.AccessTime.Seconds, s.AccessTime.Nanoseconds),
            new FileTime(s.ModifyTime.Seconds, s.ModifyTime.Nanoseconds),
            new FileTime(s.ChangeTime.Seconds, s.ChangeTime.Nanoseconds),
            (s.Mask & MountIdMask) != 0 ? s.MountId : 0)
        {
            IsMountRoot = (s.Attributes & MountRootAttribute) != 0,
            BirthTime = (s.Mask & BirthTimeMask) != 0 ? new FileTime(s.BirthTime.Seconds, s.BirthTime.Nanoseconds) : null,
        };
    }

    /// <summary>The kernel's 64-bit form of a device's two numbers (glibc's makedev).</summary>
    public static ulong DeviceNumber(uint major, uint minor) =>
        ((ulong)(major & 0xfffff000) << 32) | ((major & 0xfffu) << 8) | ((ulong)(minor & 0xffffff00) << 12) | (minor & 0xffu);

    /// <summary>The two numbers of the kernel's 64-bit form (glibc's major and minor).</summary>
    public static (uint Major, uint Minor) DeviceParts(ulong device) => (
        (uint)((device >> 32) & 0xfffff000) | (uint)((device >> 8) & 0xfff), (uint)((device >> 12) & 0xffffff00) | (uint)(device & 0xff));

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(
        SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, uint mask, out StatXBuffer buffer);

    [StructLayout(LayoutKind.Sequential)]
    private struct StatXTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    // struct statx of include/uapi/linux/stat.h: 256 bytes.
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct StatXBuffer
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint UserId;
        public uint GroupId;
        public ushort Mode;
        public ushort Padding;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatXTime AccessTime;
        public StatXTime BirthTime;
        public StatXTime ChangeTime;
        public StatXTime ModifyTime;
        public uint SpecialMajor;
        public uint SpecialMinor;
        public uint DeviceMajor;
        public uint DeviceMinor;
        public ulong MountId;
    }
}
