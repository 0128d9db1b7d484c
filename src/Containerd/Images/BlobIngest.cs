using System.Security.Cryptography;

namespace Sleigh.Containerd;

/// <summary>Brings the blobs of an archive or a registry into the content store, under a lease, and takes their measure on the way.</summary>
internal sealed class BlobIngest
{
    /// <summary>All names of ours for blobs being written begin so.</summary>
    public const string RefPrefix = "sleigh-import-";

    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(10);
    private static int _count;

    private readonly ContainerdClient _client;
    private readonly string _lease;
    private readonly ImportBudget _budget;
    private readonly byte[] _chunk = new byte[ContentWriter.ChunkSize];

    /// <param name="client">Calls must be under the lease.</param>
    /// <param name="lease">The lease's id.</param>
    /// <param name="budget">The limits and what was used of them.</param>
    public BlobIngest(ContainerdClient client, string lease, ImportBudget budget)
    {
        _client = client;
        _lease = lease;
        _budget = budget;
    }

    /// <summary>Stores bytes that we made ourselves.</summary>
    public async Task<string> PutAsync(byte[] bytes, string what, CancellationToken cancellationToken) =>
        (await TakeAsync(new MemoryStream(bytes), bytes.Length, what, null, cancellationToken)).Digest;

    /// <summary>Stores one blob.</summary>
    /// <param name="content">Its bytes.</param>
    /// <param name="size">How many there must be; null: all there are.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="expected">The digest that it must have, or null.</param>
    /// <param name="cancellationToken">Stops and undoes.</param>
    public async Task<BlobFacts> TakeAsync(Stream content, long? size, string what, string? expected, CancellationToken cancellationToken)
    {
        string ingest = $"{RefPrefix}{_lease}-{Interlocked.Increment(ref _count)}";
        try
        {
            return await TakeAsync(ingest, content, size, what, expected, cancellationToken);
        }
        catch (Exception ex) when (ex is ImageException or ContainerdException or IOException or OperationCanceledException)
        {
            await AbortAsync(_client, ingest);
            throw;
        }
    }

    /// <summary>
    /// Takes away what was written of a blob. After a cut-off call, or the death of the writer, containerd may still be writing a time stamp
    /// into the ingest's directory: then an abort fails halfway, and is tried again by name, since a half removed one is in no list.
    /// </summary>
    public static async Task AbortAsync(ContainerdClient client, string ingest)
    {
        using var limit = new CancellationTokenSource(UndoTimeout);
        while (true)
        {
            try
            {
                await client.Content.AbortAsync(ingest, limit.Token);
                return;
            }
            catch (Exception undo) when (undo is OperationCanceledException
                or ContainerdException { Kind: ContainerdErrorKind.NotFound or ContainerdErrorKind.Unavailable })
            {
                // Not begun, or containerd is gone: the ingest goes with its lease.
                return;
            }
            catch (ContainerdException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private async Task<BlobFacts> TakeAsync(
        string ingest, Stream content, long? size, string what, string? expected, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long most = size ?? _budget.Limits.MaxArchiveBytes;
        int filled = await FillAsync(content, most, cancellationToken);
        Compression compression = CompressionMagic.Of(_chunk.AsSpan(0, filled));
        await using var meter = BlobMeter.Start(compression, _chunk.AsMemory(0, filled), what, _budget, cancellationToken);
        await using ContentWriter writer = await _client.Content.OpenWriterAsync(ingest, cancellationToken: cancellationToken);
        long done = 0;
        while (filled > 0)
        {
            hash.AppendData(_chunk, 0, filled);
            await meter.FeedAsync(_chunk.AsMemory(0, filled), cancellationToken);
            await writer.WriteAsync(_chunk.AsMemory(0, filled));
            done += filled;
            filled = await FillAsync(content, most - done, cancellationToken);
        }

        if (size is null && done == most)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"{what} has more than the limit of {most} bytes");
        }

        if (done < size)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"the archive ends in the middle of {what}, after {done} of {size} bytes");
        }

        string digest = Digests.From(hash.GetHashAndReset());
        if (expected is not null && expected != digest)
        {
            throw new ImageException(ImageErrorKind.WrongDigest, $"{what} has the digest {digest}, which is not its name");
        }

        (string? diffId, string? problem) = await meter.FinishAsync();
        await CommitAsync(writer, ingest, digest, cancellationToken);
        return new BlobFacts(digest, done, compression, compression == Compression.None && diffId is not null ? digest : diffId, problem);
    }

    private async Task<int> FillAsync(Stream content, long left, CancellationToken cancellationToken)
    {
        int want = (int)Math.Min(_chunk.Length, left);
        return await content.ReadAtLeastAsync(_chunk.AsMemory(0, want), want, throwOnEndOfStream: false, cancellationToken);
    }

    private async Task CommitAsync(ContentWriter writer, string ingest, string digest, CancellationToken cancellationToken)
    {
        try
        {
            await writer.CommitAsync(digest);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.AlreadyExists)
        {
            // The blob that is there already is not ours to lose, and not under our lease yet.
            await _client.Leases.AddAsync(_lease, new LeaseResource("content", digest), cancellationToken);
            if (await _client.Content.FindAsync(digest, cancellationToken) is null)
            {
                throw new ContainerdException(
                    ContainerdErrorKind.Unavailable, $"could not write the blob '{ingest}': {digest} was removed in the same moment; try again", ex);
            }
        }
    }
}
