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

    /// <summary>Makes an image from Debian packages.</summary>
    /// <param name="name">The image's name.</param>
    /// <param name="suite">Such as <c>bookworm</c>.</param>
    /// <param name="include">Packages beyond the smallest system.</param>
    /// <param name="progress">Lines about what is going on.</param>
    /// <param name="cancellationToken">Ends the work and takes it back.</param>
    Task<ImageSummary> BootstrapAsync(
        string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken);

    /// <summary>Removes an image that no sandbox stands on.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.ImageInUse"/>.</exception>
    Task RemoveAsync(string name, CancellationToken cancellationToken);
}
