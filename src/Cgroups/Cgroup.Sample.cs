using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>What the growth policy looks at.</content>
public sealed partial record Cgroup
{
    /// <summary>Reads memory in use, stalls and limits. A limit of <c>max</c> is <see cref="long.MaxValue"/>.</summary>
    /// <param name="brakeAt">Where <c>memory.high</c> is read: this cgroup or one below it.</param>
    /// <param name="at">The moment, on a clock that only goes forward.</param>
    /// <returns>Null: one of the two is gone, also when it goes while it is read, or it has no memory controller.</returns>
    /// <exception cref="KernelFileException">The kernel refuses a read.</exception>
    /// <exception cref="FormatException">A file is not what the kernel writes.</exception>
    public MemorySample? TryReadSample(Cgroup brakeAt, TimeSpan at)
    {
        ArgumentNullException.ThrowIfNull(brakeAt);
        using KernelDirectory? self = TryOpenSelf();
        using KernelDirectory? brake = brakeAt.TryOpenSelf();

        // Pressure first: alone it may be missing (psi=0), so where it is missing because all is gone, a later read tells.
        string? pressure = self?.TryRead("memory.pressure");
        return self?.TryRead("memory.stat") is { } stat
            && self.TryRead("memory.current") is { } current
            && self.TryRead("memory.events") is { } events
            && self.TryRead("memory.max") is { } wall
            && brake?.TryRead("memory.high") is { } high
            ? new MemorySample
            {
                At = at,
                Usage = LimitValue.Parse(current) ?? throw new FormatException($"'{current}' is not a figure of memory"),
                InactiveFile = FlatKeyed.ValueOf(stat, "inactive_file"),
                ActiveFile = FlatKeyed.ValueOf(stat, "active_file"),
                Events = MemoryEvents.Parse(events),
                Stalled = pressure is null ? TimeSpan.Zero : Pressure.Parse(pressure).Some.Total,
                Brake = LimitValue.Parse(high) ?? long.MaxValue,
                Wall = LimitValue.Parse(wall) ?? long.MaxValue,
            }
            : null;
    }
}
