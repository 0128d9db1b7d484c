namespace Sleigh.Linux;

/// <summary>Properties of one mount (MOUNT_ATTR_*).</summary>
[Flags]
public enum MountAttributes
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>No writing through this mount.</summary>
    ReadOnly = 0x01,

    /// <summary>Setuid bits and file capabilities mean nothing.</summary>
    NoSetUserId = 0x02,

    /// <summary>Device nodes cannot be opened.</summary>
    NoDevices = 0x04,

    /// <summary>Nothing can be executed.</summary>
    NoExecute = 0x08,

    /// <summary>Access times are not written.</summary>
    NoAccessTime = 0x10,
}

/// <summary>Options of open_tree(2).</summary>
[Flags]
public enum OpenTreeFlags
{
    /// <summary>Only a handle, as with O_PATH.</summary>
    None = 0,

    /// <summary>A detached copy of the mount; the source must be in the caller's mount namespace.</summary>
    Clone = 1,

    /// <summary>With all mounts below it (AT_RECURSIVE).</summary>
    Recursive = 0x8000,
}

/// <summary>Flags of mount(2).</summary>
[Flags]
public enum MountFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MS_RDONLY.</summary>
    ReadOnly = 1,

    /// <summary>MS_NOSUID.</summary>
    NoSetUserId = 2,

    /// <summary>MS_NODEV.</summary>
    NoDevices = 4,

    /// <summary>MS_NOEXEC.</summary>
    NoExecute = 8,

    /// <summary>MS_NOATIME.</summary>
    NoAccessTime = 1024,

    /// <summary>MS_BIND.</summary>
    Bind = 4096,

    /// <summary>MS_REC.</summary>
    Recursive = 16384,

    /// <summary>MS_PRIVATE.</summary>
    Private = 1 << 18,

    /// <summary>MS_SLAVE.</summary>
    Slave = 1 << 19,

    /// <summary>MS_SHARED.</summary>
    Shared = 1 << 20,
}
