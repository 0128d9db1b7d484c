namespace Sleigh.Runtime;

/// <summary>Snapshots for other tools and other hosts.</summary>
public interface ISnapshotExports
{
    /// <summary>
    /// Writes a snapshot: as an image (the image of its sandbox and one layer more), or its whole file tree. An image's layer is made on the
    /// data disk first; a failure until then leaves <paramref name="output"/> untouched.
    /// </summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="reader">Who exports it: the administrator's exports leave a session its own places.</param>
    /// <param name="format">As what.</param>
    /// <param name="name">The image's name in the archive; null: <c>sleigh/snapshot:</c> and the snapshot's id.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.SnapshotNotFound"/>: it was deleted meanwhile; <see cref="ErrorKind.NotFound"/>: the image's layers are not there;
    /// <see cref="ErrorKind.PathNotAllowed"/>: a name that a layer cannot hold; <see cref="ErrorKind.DiskFull"/>, <see cref="ErrorKind.QuotaExceeded"/>,
    /// <see cref="ErrorKind.EngineUnavailable"/>.
    /// </exception>
    Task WriteAsync(Snapshot snapshot, SessionId reader, ExportFormat format, string? name, Stream output, CancellationToken cancellationToken);

    /// <summary>Makes an image of this host of a snapshot of any session. All or nothing; a name that exists then points to the new image.</summary>
    /// <param name="snapshotId">As it was sent.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    /// <exception cref="RuntimeException">As for <see cref="WriteAsync"/>.</exception>
    Task<ImageSummary> ToImageAsync(string snapshotId, string name, CancellationToken cancellationToken);
}
