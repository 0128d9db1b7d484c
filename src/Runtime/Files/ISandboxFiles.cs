namespace Sleigh.Runtime;

/// <summary>
/// Files in and out of sandboxes. A sandbox that has exited is started first. Nothing outside of its tree is reached, whatever
/// its processes do meanwhile. When the sandbox is deleted or rolled back, the work under way ends. Owner checks are the caller's.
/// </summary>
public interface ISandboxFiles
{
    /// <summary>What is at an absolute path; a link in the last part is described itself, unless a slash stands behind it.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PathNotAllowed"/>, ...</exception>
    Task<FileDetails> StatAsync(SandboxId id, string path, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a file or a directory as a tar archive (pax), in constant memory. Nothing is written to <paramref name="output"/> before
    /// it is known that the path can be read.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PathNotAllowed"/>, ...</exception>
    Task<ArchiveSent> ReadArchiveAsync(SandboxId id, string path, Stream output, CancellationToken cancellationToken);

    /// <summary>
    /// Extracts a tar archive below a directory, which is made where it is missing. A change: it takes its turn. What was written before
    /// a failure stays, and the error names the entry (<c>entry</c>).
    /// </summary>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.PathNotAllowed"/>, <see cref="ErrorKind.InvalidArgument"/>, <see cref="ErrorKind.DiskFull"/>,
    /// <see cref="ErrorKind.SandboxBusy"/>, ...
    /// </exception>
    Task<ArchiveReceived> WriteArchiveAsync(SandboxId id, string path, Stream archive, CancellationToken cancellationToken);
}
