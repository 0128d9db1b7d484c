using System.Globalization;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IStorage"/>
internal sealed class Storage(LayerStore layers, SandboxTable sandboxes, SnapshotTable snapshots, Scrubs scrubs) : IStorage
{
    /// <inheritdoc/>
    public async Task<StorageReport> ReadAsync(bool measure, CancellationToken cancellationToken)
    {
        List<SandboxStorage> items = [];
        foreach (SandboxEntry entry in sandboxes.All.Where(e => !e.IsDeleted).OrderBy(e => e.Record.Sandbox.Created))
        {
            LayerSize live = await SizeAsync(LayerId.Parse(entry.Record.Layer), measure, cancellationToken);
            List<LayerSize> taken = [];
            foreach (Snapshot snapshot in snapshots.Of(entry.Id))
            {
                taken.Add(await SizeAsync(LayerId.Sealed(snapshot.Id.Hex), measure, cancellationToken));
            }

            items.Add(new SandboxStorage(entry.View, live, taken));
        }

        return new StorageReport(layers.Status, layers.Pool, layers.QuotaSupport, items) { Scrub = scrubs.Report };
    }

    /// <inheritdoc/>
    public async Task<(StorageReport Report, string? Warning)> GrowAsync(long bytes)
    {
        try
        {
            CheckGrowth(layers.Pool, bytes);
            await layers.GrowPoolAsync(bytes);
        }
        catch (IOException e) when ((Errno)e.HResult is Errno.ENOSPC or Errno.EFBIG or Errno.EDQUOT)
        {
            throw new RuntimeException(ErrorKind.DiskFull, "the disk of data_dir takes no file of that size", e);
        }

        StorageReport report = await ReadAsync(measure: false, CancellationToken.None);
        return (report, Warning(report.Pool));
    }

    /// <inheritdoc/>
    public async Task<(StorageReport Report, string? Warning)> ScrubAsync(bool cancel)
    {
        string? warning = cancel
            ? await scrubs.CancelAsync() ? null : "no check is under way"
            : scrubs.TryStart() ? null : "a check is under way already; no other was begun";
        return (await ReadAsync(measure: false, CancellationToken.None), warning);
    }

    internal static void CheckGrowth(PoolStatus? pool, long bytes)
    {
        if (pool is null)
        {
            throw new RuntimeException(
                ErrorKind.UnsupportedOnHost, "the layers are in no pool file: they use what the filesystem of data_dir has; grow that one");
        }

        if (bytes < pool.SizeBytes)
        {
            throw RuntimeException.Invalid(
                "bytes", string.Create(CultureInfo.InvariantCulture, $"bad request: bytes is {bytes}, and the pool has {pool.SizeBytes} already; it cannot shrink"));
        }
    }

    internal static string? Warning(PoolStatus? pool) => pool is { CanOutgrowDisk: true }
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"the pool may take {(pool.SizeBytes - pool.AllocatedBytes) >> 20} MB more, and the disk below has {pool.DiskFreeBytes >> 20} MB free: writes fail when that is gone")
        : null;

    private async Task<LayerSize> SizeAsync(LayerId id, bool measure, CancellationToken cancellationToken) =>
        layers.UseOf(id) is LayerUse use ? new LayerSize(use.ReferencedBytes, use.ExclusiveBytes)
            : new LayerSize(measure ? (await layers.MeasureAsync(id, cancellationToken))?.Bytes : null, null);
}
