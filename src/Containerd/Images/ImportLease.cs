namespace Sleigh.Containerd;

/// <summary>Keeps what an import makes until the image's name does; dropping it leaves nothing half made.</summary>
internal sealed class ImportLease : IAsyncDisposable
{
    /// <summary>Marks our leases, so that those of a daemon that died can be dropped.</summary>
    private const string Label = "sleigh.import";

    /// <summary>Should nobody drop it, containerd does.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(60);

    private readonly ContainerdClient _owner;

    private ImportLease(ContainerdClient owner, string id)
    {
        _owner = owner;
        Id = id;
        Client = owner.WithLease(id);
    }

    public string Id { get; }

    /// <summary>Calls of this client are under the lease.</summary>
    public ContainerdClient Client { get; }

    public static async Task<ImportLease> MakeAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N")[..16];
        var labels = new Dictionary<string, string> { [Label] = "1" };
        await client.Leases.CreateAsync(id, client.Time.GetUtcNow() + Lifetime, labels, cancellationToken);
        return new ImportLease(client, id);
    }

    /// <summary>Drops what imports of a dead daemon left.</summary>
    public static async Task DropOldAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        // The ingests first: a collection that meets one whose writer has just gone may remove it by half, and nobody knows its name then.
        foreach (IngestStatus ingest in await client.Content.ListIngestsAsync(cancellationToken))
        {
            if (ingest.Ref.StartsWith(BlobIngest.RefPrefix, StringComparison.Ordinal))
            {
                await BlobIngest.AbortAsync(client, ingest.Ref);
            }
        }

        foreach (Lease lease in (await client.Leases.ListAsync(cancellationToken)).Where(l => l.Labels.ContainsKey(Label)))
        {
            await client.Leases.DeleteAsync(lease.Id, collect: true, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The caller's token may be the reason why we are here.
        using var limit = new CancellationTokenSource(UndoTimeout);
        try
        {
            await _owner.Leases.DeleteAsync(Id, collect: true, limit.Token);
        }
        catch (Exception ex) when (ex is ContainerdException or OperationCanceledException)
        {
            // containerd is gone; the next start drops it (DropOldAsync), or its lifetime ends.
        }
    }
}
