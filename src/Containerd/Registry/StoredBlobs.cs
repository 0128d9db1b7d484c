namespace Sleigh.Containerd;

/// <summary>Blobs that the content store has already.</summary>
internal sealed class StoredBlobs
{
    private readonly ImportLease _lease;
    private readonly ImportBudget _budget;

    public StoredBlobs(ImportLease lease, ImportBudget budget)
    {
        _lease = lease;
        _budget = budget;
    }

    /// <summary>Puts a blob under the lease.</summary>
    /// <returns>False where there is none.</returns>
    public async Task<bool> KeepAsync(OciDescriptor blob, CancellationToken cancellationToken)
    {
        ContentService content = _lease.Client.Content;
        if (await content.FindAsync(blob.Digest!, cancellationToken) is null)
        {
            return false;
        }

        await _lease.Client.Leases.AddAsync(_lease.Id, new LeaseResource("content", blob.Digest!), cancellationToken);

        // It may have gone just before the lease took hold of it.
        return await content.FindAsync(blob.Digest!, cancellationToken) is { } found && (found.Size == blob.Size
            ? true
            : throw new ImageException(
                ImageErrorKind.InvalidImage, $"the blob {blob.Digest} has {found.Size} bytes, the manifest says {blob.Size}"));
    }

    /// <summary>Looks at a blob as if it came just now: who brought it may have had other limits.</summary>
    public async Task<BlobFacts> MeasureAsync(OciDescriptor blob, string what, CancellationToken cancellationToken)
    {
        BlobMeter? meter = null;
        Compression compression = Compression.None;
        try
        {
            await foreach (ReadOnlyMemory<byte> part in _lease.Client.Content.ReadAsync(blob.Digest!, cancellationToken: cancellationToken))
            {
                if (meter is null)
                {
                    compression = CompressionMagic.Of(part.Span);
                    meter = BlobMeter.Start(compression, part, what, _budget, cancellationToken);
                }

                await meter.FeedAsync(part, cancellationToken);
            }

            (string? diffId, string? problem) = meter is null ? (null, $"{what} is empty") : await meter.FinishAsync();
            return new BlobFacts(blob.Digest!, blob.Size, compression, diffId, problem);
        }
        finally
        {
            if (meter is not null)
            {
                await meter.DisposeAsync();
            }
        }
    }
}
