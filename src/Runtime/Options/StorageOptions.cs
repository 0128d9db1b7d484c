namespace Sleigh.Runtime.Options;

/// <summary>Section <c>storage</c>: where writable layers lie.</summary>
public sealed record StorageOptions
{
    /// <summary>Key <c>storage.driver</c>.</summary>
    public StorageDriver Driver { get; init; } = StorageDriver.Auto;

    /// <summary>Key <c>storage.pool_size</c>, in bytes: size of the sparse pool file that the btrfs driver makes where the data directory is not on btrfs.</summary>
    public long PoolSize { get; init; } = 64L * 1024 * 1024 * 1024;

    /// <summary>Key <c>storage.scrub_interval_days</c>: time from one check of the pool against its checksums to the next; null (written 0): only when asked.</summary>
    public TimeSpan? ScrubInterval { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Key <c>storage.soft_disk_limits</c>: where the kernel cannot hold a disk limit, the daemon looks at what the sandbox holds; false: such a limit is refused.
    /// </summary>
    public bool SoftDiskLimits { get; init; } = true;
}
