namespace Sleigh.Runtime;

/// <summary>
/// Directories of the host in sandboxes. Processes go on while one comes or goes. A change takes its turn, and is finished or taken back
/// whole, whatever happens to the caller or the daemon. Owner checks are the caller's.
/// </summary>
public interface IMounts
{
    /// <summary>The mounts of a sandbox, oldest first.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    IReadOnlyList<Mount> List(SandboxId id);

    /// <summary>Mounts a directory; a sandbox that has exited is started first, and the mount point is made where it is missing.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.PathNotAllowed"/>, <see cref="ErrorKind.HostPathNotFound"/>, <see cref="ErrorKind.MountRwNotAllowed"/>,
    /// <see cref="ErrorKind.MountExists"/>, <see cref="ErrorKind.ContainerPathConflict"/>, <see cref="ErrorKind.ZoneUnavailable"/>,
    /// <see cref="ErrorKind.SandboxBusy"/>, <see cref="ErrorKind.DiskFull"/>, ...
    /// </exception>
    Task<Mount> AddAsync(SandboxId id, MountSpec spec, CancellationToken cancellationToken);

    /// <summary>Takes a mount out. A file that a process has open stays usable to it; the mount point stays as an empty directory.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxBusy"/>.</exception>
    Task RemoveAsync(SandboxId id, MountId mount, CancellationToken cancellationToken);
}
