using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.Runtime.Exports;

/// <inheritdoc cref="ISnapshotExports"/>
internal sealed partial class SnapshotExports : ISnapshotExports, IDisposable
{
    /// <summary>Compressing takes a processor each; more at once would only take disk space for longer.</summary>
    private const int MostAtOnce = 2;

    private readonly SandboxParts _parts;
    private readonly SealedTrees _sealed;
    private readonly ExportSpool _spool;
    private readonly IImages _images;
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private readonly ExportPlaces _places = new();

    public SnapshotExports(SandboxParts parts, TreeMounter mounter, ExportSpool spool, IImages images) =>
        (_parts, _sealed, _spool, _images) = (parts, new SealedTrees(parts, mounter), spool, images);

    /// <inheritdoc/>
    public Task WriteAsync(Snapshot snapshot, SessionId reader, ExportFormat format, string? name, Stream output, CancellationToken cancellationToken) =>
        TranslatedAsync(snapshot, async () =>
        {
            PhaseClock clock = new();
            using IDisposable place = _places.Take(snapshot.Session, reader);
            if (format == ExportFormat.TarZstd)
            {
                await WriteTreeAsync(snapshot, output, cancellationToken);
            }
            else
            {
                ImageName full = ImageName.Parse(name ?? $"sleigh/snapshot:{snapshot.Id}");
                await using BaseImage image = await BaseAsync(snapshot, cancellationToken);
                ChangeStep.Done("export", 2);
                using SpooledLayer layer = await SpoolAsync(snapshot, format == ExportFormat.OciZstd, cancellationToken);
                ChangeStep.Done("export", 3);
                await image.WriteArchiveAsync(Layer(snapshot, layer, format == ExportFormat.OciZstd), full, output, cancellationToken);
                ChangeStep.Done("export", 4);
            }

            Exported(_parts.Logger, snapshot.Id.ToString(), snapshot.Sandbox.ToString(), format, clock.Total.TotalMilliseconds);
            return true;
        });

    /// <inheritdoc/>
    public async Task<ImageSummary> ToImageAsync(string snapshotId, string name, CancellationToken cancellationToken)
    {
        Snapshot snapshot = (SnapshotId.TryParse(snapshotId, out SnapshotId id) ? _parts.Snapshots.Find(id) : null)
            ?? throw new RuntimeException(ErrorKind.SnapshotNotFound, $"snapshot not found: {snapshotId}");
        return await TranslatedAsync(snapshot, async () =>
        {
            PhaseClock clock = new();
            await _parts.ImageParts.Pulls.Recovered.WaitAsync(cancellationToken);
            ImageName full = ImageName.Parse(name);
            await using (BaseImage image = await BaseAsync(snapshot, cancellationToken))
            {
                using SpooledLayer layer = await SpoolAsync(snapshot, isZstd: false, cancellationToken);
                ChangeStep.Done("to-image", 1);
                await image.StoreAsync(Layer(snapshot, layer, isZstd: false), full, cancellationToken);
                ChangeStep.Done("to-image", 2);
            }

            Made(_parts.Logger, full.ToString(), snapshot.Id.ToString(), clock.Total.TotalMilliseconds);
            return (await _images.ListAsync(cancellationToken)).First(image => image.Name == full.ToString());
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    private Task<BaseImage> BaseAsync(Snapshot snapshot, CancellationToken cancellationToken) =>
        BaseImage.OpenAsync(_parts.Images, _parts.Table.Require(snapshot.Sandbox).Record.Chain, cancellationToken);

    private static NewLayer Layer(Snapshot snapshot, SpooledLayer layer, bool isZstd) => new(layer.Digest, layer.DiffId, layer.Size, layer.Open)
    {
        IsZstd = isZstd, Created = snapshot.Created, CreatedBy = $"sleigh snapshot {snapshot.Id} of {snapshot.Sandbox}",
    };

    private async Task<SpooledLayer> SpoolAsync(Snapshot snapshot, bool isZstd, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            using SealedTree tree = await _sealed.OpenAsync(snapshot, null, cancellationToken);
            return await SpooledLayer.WriteAsync(_spool, isZstd, async output =>
            {
                TreeArchiveSummary written = await TreeExports.WriteLayerAsync(tree.Root, tree.Uppers, output, cancellationToken);
                StillThere(snapshot);
                Wrote(_parts.Logger, snapshot.Id.ToString(), written.Members, written.Bytes, written.LeftOut);
            });
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task WriteTreeAsync(Snapshot snapshot, Stream output, CancellationToken cancellationToken)
    {
        using SealedTree tree = await _sealed.OpenAsync(snapshot, null, cancellationToken);
        await using Stream compressed = SpooledLayer.Zstd(output);
        TreeArchiveSummary written = await TreeExports.WriteTreeAsync(tree.Root, compressed, cancellationToken);
        StillThere(snapshot);
        Wrote(_parts.Logger, snapshot.Id.ToString(), written.Members, written.Bytes, written.LeftOut);
    }

    // Of a layer that is being removed, files are seen to be missing; an archive of the rest must not look whole.
    private void StillThere(Snapshot snapshot)
    {
        if (_parts.Snapshots.Find(snapshot.Id) is null)
        {
            throw Deleted(snapshot, null);
        }
    }

    private static RuntimeException Deleted(Snapshot snapshot, Exception? cause) =>
        new(ErrorKind.SnapshotNotFound, $"snapshot not found: {snapshot.Id}; it was deleted while it was exported", cause);

    private async Task<T> TranslatedAsync<T>(Snapshot snapshot, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is KernelException or LayerConflictException or ContainerdException or RuntimeException { Kind: ErrorKind.NotFound }
            && _parts.Snapshots.Find(snapshot.Id) is null)
        {
            throw Deleted(snapshot, e);
        }
        catch (TreeFileException e)
        {
            throw new RuntimeException(ErrorKind.PathNotAllowed, e.Message, e);
        }
        catch (ImageException e)
        {
            throw new RuntimeException(
                e.Kind == ImageErrorKind.NotFound ? ErrorKind.NotFound : ErrorKind.UnsupportedOnHost,
                e.Kind == ImageErrorKind.NotFound ? $"resource not found: {e.Message}" : e.Message, e);
        }
        catch (ContainerdException e)
        {
            throw Failures.Translate(e, ErrorKind.EngineUnavailable, "containerd could not give or take the image's layers");
        }
        catch (IOException e) when ((Errno)e.HResult is Errno.ENOSPC or Errno.EDQUOT)
        {
            throw new RuntimeException(ErrorKind.DiskFull, "the data disk is full; the snapshot was not exported", e)
            {
                Hint = "export it as tar.zst, which takes no space here, or free some",
            };
        }
    }

    [LoggerMessage(EventId = 1495, EventName = "export", Level = LogLevel.Information, Message = "Exported {Snapshot} of {Sandbox} as {Format}: {Milliseconds:F0} ms")]
    private static partial void Exported(ILogger logger, string snapshot, string sandbox, ExportFormat format, double milliseconds);

    [LoggerMessage(EventId = 1496, EventName = "export", Level = LogLevel.Information, Message = "Made image {Image} of {Snapshot}: {Milliseconds:F0} ms")]
    private static partial void Made(ILogger logger, string image, string snapshot, double milliseconds);

    [LoggerMessage(EventId = 1497, EventName = "export", Level = LogLevel.Debug, Message = "Wrote {Members} members, {Bytes} bytes, of {Snapshot}; {LeftOut} left out")]
    private static partial void Wrote(ILogger logger, string snapshot, long members, long bytes, long leftOut);
}
