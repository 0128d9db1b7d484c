namespace Sleigh.Containerd;

/// <summary>An image of one layer from the tar of a whole file tree.</summary>
public static class TreeImage
{
    /// <summary>
    /// Imports it: plain, or compressed by gzip or zstd. All or nothing; a name that exists then points to the new image.
    /// </summary>
    /// <param name="store">Where to.</param>
    /// <param name="tar">Read to its end, and not disposed. Names in it that begin with <c>.wh.</c> mean deletions.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="configFrom">An image whose settings it gets: environment, user, directory, command; null: PATH, and /bin/sh.</param>
    /// <param name="cancellationToken">Stops and undoes the import.</param>
    /// <returns>The full name.</returns>
    /// <exception cref="ImageException">A name or the tar is refused; one sentence says why.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public static async Task<string> ImportAsync(
        ImageStore store, Stream tar, string name, string? configFrom, CancellationToken cancellationToken = default)
    {
        const string What = "the tree";
        ImageName full = ImageName.Parse(name);
        byte[]? model = configFrom is null
            ? null
            : await store.Client.Content.ReadSmallAsync(
                (await store.ReadAsync(ImageName.Parse(configFrom), cancellationToken)).Manifest.Config!.Digest!, store.Limits.MaxJsonBytes, cancellationToken);
        await using ImportLease lease = await ImportLease.MakeAsync(store.Client, cancellationToken);
        var ingest = new BlobIngest(lease.Client, lease.Id, new ImportBudget(store.Limits));
        BlobFacts facts = await ingest.TakeAsync(tar, null, What, null, cancellationToken);
        if (facts.DiffId is null)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"{What} cannot be a layer: {facts.Problem}");
        }

        PlannedLayer layer = ImportPlanner.Check(facts, facts.DiffId, What);
        ImageDraft draft = ImageDraft.Of([layer], ImageText.OfOneLayer(model, facts.DiffId, store.Client.Time.GetUtcNow()), store.Limits);
        await draft.StoreAsync(full, store.Client, lease, ingest, cancellationToken);
        store.Forget(full.ToString());
        return full.ToString();
    }
}
