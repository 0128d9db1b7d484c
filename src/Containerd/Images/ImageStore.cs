namespace Sleigh.Containerd;

/// <summary>The images of the client's namespace: import, list, remove, open.</summary>
public sealed class ImageStore
{
    private readonly ContainerdClient _client;

    /// <summary>Makes the store.</summary>
    public ImageStore(ContainerdClient client)
    {
        _client = client;
    }

    /// <summary>Imports all images of an OCI layout tar or docker-archive tar, plain or gzip-compressed; all or nothing.</summary>
    /// <param name="tar">The archive; read to its end.</param>
    /// <param name="name">The name to give; null to take the archive's own.</param>
    /// <param name="cancellationToken">Stops and undoes the import.</param>
    /// <returns>The full names of the images.</returns>
    /// <exception cref="ImageException">The archive or an image in it is refused.</exception>
    public Task<IReadOnlyList<string>> ImportAsync(Stream tar, string? name, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(_client.Options.Namespace);

    /// <summary>All images, by name.</summary>
    public Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(_client.Options.Namespace);

    /// <summary>The image of that name (short names are completed as docker does), or null.</summary>
    public Task<ImageSummary?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(_client.Options.Namespace);

    /// <summary>Removes an image; whether a sandbox still uses it is the caller's concern.</summary>
    /// <returns>False where there was none.</returns>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(_client.Options.Namespace);

    /// <summary>The image, ready to be mounted. A second call for the same name answers from memory.</summary>
    /// <exception cref="ImageException">NotFound, or the image cannot be used.</exception>
    public Task<ImageTree> OpenAsync(string name, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(_client.Options.Namespace);
}
