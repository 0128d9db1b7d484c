namespace Sleigh.Runtime;

/// <summary>Directories of the host that are copied into sandboxes.</summary>
public interface IEnvironments
{
    /// <summary>
    /// Merges what is in a directory below <c>environments.root</c> into a directory of the sandbox, which is made where it is missing.
    /// A sandbox that has exited is started first. All that is copied belongs to the sandbox's user. A change: it takes its turn. What was
    /// copied before a failure stays.
    /// </summary>
    /// <param name="id">The sandbox. Owner checks are the caller's.</param>
    /// <param name="environmentPath">From the root of the zone on, as <see cref="PlainPath.Below"/> gives it.</param>
    /// <param name="sandboxPath">Absolute, as <see cref="PlainPath.Absolute"/> gives it; not the sandbox's root.</param>
    /// <param name="cancellationToken">Ends waiting for the turn.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.PathNotAllowed"/>, <see cref="ErrorKind.HostPathNotFound"/>, <see cref="ErrorKind.ZoneUnavailable"/>,
    /// <see cref="ErrorKind.CopyFailed"/>, <see cref="ErrorKind.DiskFull"/>, <see cref="ErrorKind.SandboxBusy"/>, ...
    /// </exception>
    Task<EnvironmentCopy> CopyAsync(SandboxId id, string environmentPath, string sandboxPath, CancellationToken cancellationToken);
}
