namespace Sleigh.Runtime.Memory;

/// <summary>How near a sandbox is to its memory limit, with the contract's sentence.</summary>
/// <param name="IsNear">Near by usage, by stall, or by both.</param>
/// <param name="UsagePercent">Working set as a share of the limit in force.</param>
/// <param name="Reason">The sentence; null for a running sandbox that is not near.</param>
public sealed record LimitState(bool IsNear, double UsagePercent, string? Reason)
{
    /// <summary>The sentence for a sandbox that does not run.</summary>
    public const string NotRunning = "container not running; start sandbox to collect live pressure";

    /// <summary>Applies the rule. Where the kernel does not split usage, all of it counts as working set; without PSI there is no stall.</summary>
    /// <param name="memory">The sandbox's memory.</param>
    /// <param name="stallThreshold"><c>memory.near_limit_some_avg10</c>, in percent.</param>
    public static LimitState Of(SandboxMemory memory, double stallThreshold)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (!memory.Running)
        {
            return new LimitState(false, 0, NotRunning);
        }

        long limit = (long)memory.LimitMb << 20;
        long used = memory.WorkingSetBytes ?? memory.UsageBytes ?? 0;
        string[] reasons =
        [
            .. new[]
            {
                NearLimit.UsageReason(used, limit),
                memory.Pressure is { } pressure ? NearLimit.StallReason(pressure.Some.Avg10, stallThreshold) : null,
            }.OfType<string>(),
        ];
        return new LimitState(reasons.Length > 0, 100.0 * used / limit, reasons.Length > 0 ? string.Join("; ", reasons) : null);
    }
}
