using Sleigh.Containerd;

namespace Sleigh.Runtime;

/// <summary>Images on this host, for the administrator.</summary>
public interface IImages
{
    /// <summary>All images, by name.</summary>
    Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Imports an OCI layout or docker archive; nothing is left when it is refused.</summary>
    /// <param name="archive">The tar, read once from start to end.</param>
    /// <param name="name">The image's name; null takes the archive's own.</param>
    /// <param name="cancellationToken">Ends the import and takes it back.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.InvalidImage"/>, <see cref="ErrorKind.EngineUnavailable"/>.</exception>
    Task<IReadOnlyList<ImageSummary>> ImportAsync(Stream archive, string? name, CancellationToken cancellationToken);

    /// <summary>Makes an image of one layer of the tar of a whole file tree; nothing is left when it is refused.</summary>
    /// <param name="tar">Plain, or compressed by gzip or zstd; read once from start to end.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="configFrom">An image whose settings it gets; null: PATH, and /bin/sh.</param>
    /// <param name="cancellationToken">Ends the import and takes it back.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.InvalidImage"/>, <see cref="ErrorKind.NotFound"/>: no such image; <see cref="ErrorKind.EngineUnavailable"/>.
    /// </exception>
    Task<IReadOnlyList<ImageSummary>> ImportTreeAsync(Stream tar, string name, string? configFrom, CancellationToken cancellationToken);

    /// <summary>Makes an image from Debian packages.</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="suite">Such as <c>bookworm</c>.</param>
    /// <param name="include">Packages beyond the smallest system.</param>
    /// <param name="progress">Lines about what is going on.</param>
    /// <param name="cancellationToken">Ends the work and takes it back.</param>
    Task<ImageSummary> BootstrapAsync(
        string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken);

    /// <summary>Fetches an image from its registry; a pull of it that is under way is shared.</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="platform">Such as <c>linux/amd64</c>; null: the host's.</param>
    /// <param name="progress">Told of each step, from any thread; must not wait.</param>
    /// <param name="cancellationToken">Ends the waiting, and the pull if nobody else waits for it.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.ImagePullFailed"/>, with the cause among the details; <see cref="ErrorKind.ImagePullTimeout"/>.
    /// </exception>
    Task<ImageSummary> PullAsync(string name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Removes images that no sandbox has used for so long; never <c>pool.image</c> and those of <c>images.prefetch</c>.</summary>
    /// <param name="unusedFor">Zero: all that are not in use.</param>
    /// <param name="dryRun">Only say which.</param>
    /// <param name="cancellationToken">Ends it between two images.</param>
    Task<PrunedImages> PruneAsync(TimeSpan unusedFor, bool dryRun, CancellationToken cancellationToken);

    /// <summary>Removes an image that no sandbox stands on.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.ImageInUse"/>.</exception>
    Task RemoveAsync(string name, CancellationToken cancellationToken);
}
