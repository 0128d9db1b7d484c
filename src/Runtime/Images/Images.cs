using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <inheritdoc cref="IImages"/>
internal sealed class Images : IImages
{
    private readonly ImageStore _store;
    private readonly ImageBootstrap _bootstrap;
    private readonly SandboxTable _sandboxes;

    public Images(ImageStore store, ImageBootstrap bootstrap, SandboxTable sandboxes) => (_store, _bootstrap, _sandboxes) = (store, bootstrap, sandboxes);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken) => TranslatedAsync(async () =>
        (IReadOnlyList<ImageSummary>)[.. (await _store.ListAsync(cancellationToken)).Select(View).OrderBy(i => i.Name, StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSummary>> ImportAsync(Stream archive, string? name, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            IReadOnlyList<string> names = await _store.ImportAsync(archive, name, cancellationToken);
            return (IReadOnlyList<ImageSummary>)[.. (await ListAsync(cancellationToken)).Where(i => names.Contains(i.Name))];
        });

    /// <inheritdoc/>
    public Task<ImageSummary> BootstrapAsync(
        string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken) =>
        TranslatedAsync(async () => View(await _bootstrap.BootstrapAsync(
            new BootstrapRequest { Name = name, Suite = suite, Include = include }, line => progress?.Report(line), cancellationToken)));

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        ImageTree image = await _store.OpenAsync(name, cancellationToken);
        if (_sandboxes.All.FirstOrDefault(e => e.Record.Chain == image.ChainId) is SandboxEntry user)
        {
            throw new RuntimeException(ErrorKind.ImageInUse, $"image {name} is in use by sandbox {user.Id}; delete it first");
        }

        return await _store.RemoveAsync(name, cancellationToken) ? 0 : throw NoImage(name);
    });

    private static RuntimeException NoImage(string name) => new(ErrorKind.NotFound, $"resource not found: image {name}");

    private static ImageSummary View(Containerd.ImageSummary image) => new(image.Name, image.Digest, image.Bytes, image.CreatedAt);

    private static async Task<T> TranslatedAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            throw new RuntimeException(ErrorKind.NotFound, $"resource not found: {e.Message}", e);
        }
        catch (ImageException e)
        {
            throw new RuntimeException(ErrorKind.InvalidImage, e.Message, e);
        }
        catch (ContainerdException e)
        {
            throw Failures.Translate(e, ErrorKind.InvalidImage, "containerd refused the image; the daemon log has the cause under this request id");
        }
    }
}
