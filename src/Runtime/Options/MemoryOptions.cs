namespace Sleigh.Runtime.Options;

/// <summary>Section <c>memory</c>: growth and the host's share.</summary>
public sealed record MemoryOptions
{
    /// <summary>Key <c>memory.auto_grow</c>: sandboxes grow by themselves unless their create call says otherwise.</summary>
    public bool AutoGrow { get; init; } = true;

    /// <summary>Key <c>memory.min_mb</c>: the least that an automatic step, or a target of a manual one, may come to.</summary>
    public int MinMb { get; init; } = 64;

    /// <summary>Key <c>memory.max_mb</c>: largest limit of a sandbox; null (written 0): the host budget alone.</summary>
    public int? MaxMb { get; init; }

    /// <summary>Key <c>memory.max_step_mb</c>: the largest growth that no measured rise asks for.</summary>
    public int MaxStepMb { get; init; } = 2048;

    /// <summary>Key <c>memory.host_reserve_mb</c>: memory that is never promised; null (written <c>auto</c>): <see cref="HostReserveBytes"/> computes it.</summary>
    public int? HostReserveMb { get; init; }

    /// <summary>Key <c>memory.near_limit_some_avg10</c>: stall share, in percent, from which a sandbox counts as near its limit.</summary>
    public double NearLimitSomeAvg10 { get; init; } = 10.0;

    /// <summary>Key <c>memory.stall_threshold_ms</c>: stalled time in <see cref="StallWindow"/> that asks for growth.</summary>
    public TimeSpan StallThreshold { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Key <c>memory.stall_window_ms</c>: the window of <see cref="StallThreshold"/>; the kernel takes 500 ms to 10 s.</summary>
    public TimeSpan StallWindow { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Key <c>memory.give_back_after_seconds</c>: time without a stall after which memory is given back; null (written 0): never.</summary>
    public TimeSpan? GiveBackAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Key <c>memory.squeeze_idle</c>: an idle sandbox of lower priority may be frozen and squeezed for one that needs memory.</summary>
    public bool SqueezeIdle { get; init; }

    /// <summary>The memory that is never promised on a host of <paramref name="totalBytes"/>: the setting, or the larger of 512 MB and a tenth.</summary>
    public long HostReserveBytes(long totalBytes) =>
        HostReserveMb is { } mb ? mb * 1024L * 1024L : Math.Max(512L * 1024 * 1024, totalBytes / 10);
}
