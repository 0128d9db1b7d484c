using Sleigh.Overlay;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>A store as a test wants it, with a pool that grows.</summary>
internal sealed class FakeStorage : IStorage
{
    private const long GiB = 1L << 30;

    public StorageReport Report { get; set; } = new(
        new LayerStoreStatus(LayerDriverKind.Btrfs, "in a pool file", "/d/pool", 8 * GiB, 5 * GiB, "/dev/loop0"),
        new PoolStatus("/d/pool.btrfs", 8 * GiB, 3 * GiB, 20 * GiB),
        new LayerQuotaSupport(LayerQuotaKind.Btrfs, "btrfs quotas", IsOn: true),
        []);

    public bool Measured { get; private set; }

    public Task<StorageReport> ReadAsync(bool measure, CancellationToken cancellationToken)
    {
        Measured = measure;
        return Task.FromResult(Report);
    }

    public Task<(StorageReport Report, string? Warning)> GrowAsync(long bytes)
    {
        Report = Report with { Pool = Report.Pool! with { SizeBytes = bytes }, Store = Report.Store with { TotalBytes = bytes } };
        return Task.FromResult((Report, bytes > 20 * GiB ? "beware" : (string?)null));
    }

    public Task<(StorageReport Report, string? Warning)> ScrubAsync(bool cancel)
    {
        bool runs = Report.Scrub.Running is not null;
        Report = Report with
        {
            Scrub = cancel ? new ScrubReport { Last = Report.Scrub.Running is { } ended ? ended with { Outcome = ScrubOutcome.Cancelled } : Report.Scrub.Last }
                : Report.Scrub with { Running = new Scrub { Outcome = ScrubOutcome.Running, Started = DateTimeOffset.UnixEpoch } },
        };
        return Task.FromResult((Report, runs == cancel ? null : "nothing done"));
    }
}
