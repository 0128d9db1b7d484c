using Sleigh.Containerd;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Images;

/// <inheritdoc cref="IImages"/>
internal sealed class Images : IImages
{
    private readonly ImageStore _store;
    private readonly ImageBootstrap _bootstrap;
    private readonly ImagePulls _pulls;
    private readonly ImageHolds _holds;
    private readonly ImageUses _uses;
    private readonly SandboxTable _sandboxes;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;

    public Images(ImageStore store, ImageBootstrap bootstrap, ImageParts parts, SandboxTable sandboxes, LiveOptions options, TimeProvider time)
    {
        (_store, _bootstrap, _sandboxes, _options, _time) = (store, bootstrap, sandboxes, options, time);
        (_pulls, _holds, _uses) = (parts.Pulls, parts.Holds, parts.Uses);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken) => TranslatedAsync(async () =>
        Views(await _store.ListAsync(cancellationToken)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSummary>> ImportAsync(Stream archive, string? name, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            await _pulls.Recovered.WaitAsync(cancellationToken);
            IReadOnlyList<string> names = await _store.ImportAsync(archive, name, cancellationToken);
            return (IReadOnlyList<ImageSummary>)[.. (await ListAsync(cancellationToken)).Where(i => names.Contains(i.Name))];
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSummary>> ImportTreeAsync(Stream tar, string name, string? configFrom, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            await _pulls.Recovered.WaitAsync(cancellationToken);
            string full = await TreeImage.ImportAsync(_store, tar, name, configFrom, cancellationToken);
            return (IReadOnlyList<ImageSummary>)[.. (await ListAsync(cancellationToken)).Where(i => i.Name == full)];
        });

    /// <inheritdoc/>
    public Task<ImageSummary> BootstrapAsync(
        string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            await _pulls.Recovered.WaitAsync(cancellationToken);
            return Views([await _bootstrap.BootstrapAsync(
                new BootstrapRequest { Name = name, Suite = suite, Include = include }, line => progress?.Report(line), cancellationToken)])[0];
        });

    /// <inheritdoc/>
    public Task<ImageSummary> PullAsync(string name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            try
            {
                string full = await _pulls.PullAsync(name, platform, goesOn: false, progress, cancellationToken);
                return await _store.FindAsync(full, cancellationToken) is { } image ? Views([image])[0] : throw NoImage(name);
            }
            catch (RuntimeException e) when (e is { Kind: ErrorKind.ImagePullFailed, InnerException: { } cause })
            {
                // The administrator gets what the registry said; callers with a token do not, it may name hosts.
                throw new RuntimeException(e.Kind, e.Message, cause)
                {
                    Details = new Dictionary<string, object>(e.Details) { ["cause"] = cause.Message },
                };
            }
        });

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        Containerd.ImageSummary image = await _store.FindAsync(name, cancellationToken) ?? throw NoImage(name);
        return await RemoveAsync(image, name, cancellationToken) ? 0 : throw NoImage(name);
    });

    /// <inheritdoc/>
    public Task<PrunedImages> PruneAsync(TimeSpan unusedFor, bool dryRun, CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        IReadOnlyList<Containerd.ImageSummary> all = await _store.ListAsync(cancellationToken);
        IReadOnlyList<ImageSummary> chosen = PruneChoice.Choose(Views(all), Kept(), _time.GetUtcNow(), unusedFor);
        List<ImageSummary> removed = [];
        foreach (ImageSummary image in chosen)
        {
            if (dryRun || await TryRemoveAsync(all.First(i => i.Name == image.Name), cancellationToken))
            {
                removed.Add(image);
            }
        }

        return new PrunedImages(removed, PruneChoice.FreedBytes(all, removed.Select(i => i.Name).ToHashSet(StringComparer.Ordinal)));
    });

    /// <summary>Removes what is unpacked of images whose names mean others now.</summary>
    public Task PruneViewsAsync(CancellationToken cancellationToken) => _store.PruneAsync(ChainsInUse(), cancellationToken);

    // Removal without a result would leave the caller in doubt; a sandbox made meanwhile is no failure of the whole.
    private async Task<bool> TryRemoveAsync(Containerd.ImageSummary image, CancellationToken cancellationToken)
    {
        try
        {
            return await RemoveAsync(image, image.Name, cancellationToken);
        }
        catch (RuntimeException e) when (e.Kind == ErrorKind.ImageInUse)
        {
            return false;
        }
    }

    private async Task<bool> RemoveAsync(Containerd.ImageSummary image, string name, CancellationToken cancellationToken)
    {
        // One that cannot be read, such as one of another platform, has no sandbox.
        string chain = image.ChainId ?? image.Digest;
        if (!_holds.TryBeginRemoval(chain))
        {
            throw new RuntimeException(ErrorKind.ImageInUse, $"image {name} is in use by a sandbox that is being created, or is being removed; try again in a moment");
        }

        try
        {
            if (_sandboxes.All.FirstOrDefault(e => e.Record.Chain == chain) is SandboxEntry user)
            {
                throw new RuntimeException(ErrorKind.ImageInUse, $"image {name} is in use by sandbox {user.Id}; delete it first");
            }

            bool removed = await _store.RemoveAsync(image.Name, cancellationToken);
            _uses.Forget(image.Name);
            return removed;
        }
        finally
        {
            _holds.EndRemoval(chain);
        }
    }

    private HashSet<string> Kept() =>
    [
        .. _options.Now.Images.Prefetch.Append(_options.Now.Pool.Image)
            .Select(n => ImageName.TryParse(n, null, out ImageName? name) ? name.ToString() : n),
    ];

    // Holds first: a create lets go of its hold only when its sandbox is in the table.
    private HashSet<string> ChainsInUse() => [.. _holds.Held, .. _sandboxes.All.Select(e => e.Record.Chain)];

    private IReadOnlyList<ImageSummary> Views(IReadOnlyList<Containerd.ImageSummary> images)
    {
        HashSet<string> used = ChainsInUse();
        return
        [
            .. images.Select(i => new ImageSummary(i.Name, i.Digest, i.Bytes, i.CreatedAt)
            {
                InUse = i.ChainId is not null && used.Contains(i.ChainId),
                LastUsed = _uses.Of(i.Name),
            }).OrderBy(i => i.Name, StringComparer.Ordinal),
        ];
    }

    private static RuntimeException NoImage(string name) => new(ErrorKind.NotFound, $"resource not found: image {name}");

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
