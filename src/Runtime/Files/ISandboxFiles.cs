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

    /// <summary>Sends a regular file, or a part of it, in constant memory; links are followed inside the sandbox.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="path">An absolute path.</param>
    /// <param name="choose">Told of the file before its first byte; says which part is wanted.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PathNotAllowed"/>, ...</exception>
    /// <exception cref="EndOfStreamException">The file has become shorter meanwhile.</exception>
    Task ReadAsync(SandboxId id, string path, Func<FileDetails, FilePart> choose, Stream output, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a regular file: whole or not at all. Missing directories are made. Only giving it its name takes the sandbox's turn, as far
    /// as the file system has files without a name; elsewhere all of it does.
    /// </summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="path">An absolute path; links are followed inside the sandbox.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="mode">Permission bits; null keeps those of an existing file and gives a new one 0644.</param>
    /// <param name="user">As <c>name</c>, <c>uid</c> or <c>uid:gid</c>; null keeps the owner of an existing file and gives a new one to the user of commands.</param>
    /// <param name="cancellationToken">Gives up: nothing is changed then.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.PathNotAllowed"/>, <see cref="ErrorKind.InvalidArgument"/>: no such user, <see cref="ErrorKind.DiskFull"/>,
    /// <see cref="ErrorKind.SandboxBusy"/>, ...
    /// </exception>
    Task<FileWritten> WriteAsync(SandboxId id, string path, Stream content, int? mode, string? user, CancellationToken cancellationToken);

    /// <summary>Removes a file, a link itself, or a directory. A change: it takes its turn.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="path">An absolute path.</param>
    /// <param name="recursive">Whether a directory need not be empty.</param>
    /// <param name="cancellationToken">Gives up; what is removed by then is gone.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PathNotAllowed"/>, <see cref="ErrorKind.SandboxBusy"/>, ...</exception>
    Task RemoveAsync(SandboxId id, string path, bool recursive, CancellationToken cancellationToken);

    /// <summary>What is in a directory, in the order of the names' bytes.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="path">An absolute path; links are followed inside the sandbox.</param>
    /// <param name="after">Only names behind this one; empty for all.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PathNotAllowed"/>: no directory, ...</exception>
    Task<FileList> ListAsync(SandboxId id, string path, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Puts single paths back as they are in a snapshot of the sandbox, without a rollback: files, links, FIFOs, and directories with all
    /// below them, which are merged. All paths are looked at before anything is changed; after a later failure those before the one that
    /// the error names stay restored. A change: it takes its turn.
    /// </summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="from">The snapshot.</param>
    /// <param name="paths">Absolute paths without a part <c>..</c>; links on the way are followed, inside the sandbox.</param>
    /// <param name="deleteAdded">Whether what the snapshot does not have is removed: the paths themselves, and what is below them.</param>
    /// <param name="cancellationToken">Gives up in between.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.NotFound"/>: the snapshot does not have a path, <see cref="ErrorKind.PathNotAllowed"/>,
    /// <see cref="ErrorKind.DiskFull"/>, <see cref="ErrorKind.SandboxBusy"/>, ...
    /// </exception>
    Task<FilesRestored> RestoreAsync(
        SandboxId id, Snapshot from, IReadOnlyList<string> paths, bool deleteAdded, CancellationToken cancellationToken);
}
