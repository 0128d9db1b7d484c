using Sleigh.Linux;

namespace Sleigh.Runtime.Checks;

/// <summary>The usual name of a filesystem's type: statfs(2) and include/uapi/linux/magic.h have the numbers.</summary>
internal static class FileSystemName
{
    /// <summary>Null for a type that is not known here.</summary>
    public static string? Of(long magic) => magic switch
    {
        FileSystems.Btrfs => "btrfs",
        FileSystems.Xfs => "XFS",
        FileSystems.Ext4 => "ext4",
        FileSystems.Overlay => "overlay",
        FileSystems.Tmpfs or 0x858458F6 => "tmpfs", // ramfs loses its files alike
        0x6969 => "nfs",
        0xFF534D42 or 0xFE534D42 or 0x517B => "cifs",
        0x01021997 => "9p",
        0x65735546 => "fuse",
        0x00C36400 => "ceph",
        0xF2F52010 => "f2fs",
        0x2FC12FC1 => "ZFS",
        0xCA451A4E => "bcachefs",
        _ => null,
    };
}
