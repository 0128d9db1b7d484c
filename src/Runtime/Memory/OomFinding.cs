using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <summary>What the kernel's counts say about a command and the memory limit. Only counts are looked at, never an exit code alone or any text.</summary>
internal sealed record OomFinding
{
    /// <summary>The exit code of a command that signal 9 ended, or of a shell whose last program it ended. It proves nothing.</summary>
    public const int KilledBySignal9 = 137;

    /// <summary>Nothing happened.</summary>
    public static readonly OomFinding None = new();

    /// <summary>Processes of the command that were killed for memory: <c>oom_kill</c> of its own leaf.</summary>
    public long Killed { get; private init; }

    /// <summary>The limit that was met is not the sandbox's: the host had no memory left, or a cgroup above all sandboxes.</summary>
    public bool OfHost { get; private init; }

    /// <summary>The sandbox met its brake or its wall while the command ran and was stalled for memory, and none of its processes was killed.</summary>
    public bool LimitMet { get; private init; }

    /// <summary>
    /// Only version 1 counts here, and counts no commands: a process of the sandbox was killed for memory while this command ran, which
    /// signal 9 ended.
    /// </summary>
    public bool Unattributed { get; private init; }

    /// <summary>Compares the counts. What was not read is not guessed.</summary>
    /// <param name="leaf">Figures of the command's own cgroup.</param>
    /// <param name="before">Of its slot, at its start.</param>
    /// <param name="after">Of its slot, at its end, with the peak.</param>
    /// <param name="wall">The slot's limit in bytes.</param>
    /// <param name="exitCode">How it ended.</param>
    /// <param name="cause">What ended it.</param>
    public static OomFinding Of(CgroupUsage? leaf, LimitCounts? before, LimitCounts? after, long wall, int? exitCode, ExecEndCause cause)
    {
        if (leaf?.MemoryEvents is { OomKill: > 0 } killed)
        {
            // `oom` counts where the limit was met, `oom_kill` where the killed process was (mm/memcontrol.c, Linux 6.12).
            bool ofHost = after?.Unified is { } now && now.Oom == (before?.Unified?.Oom ?? 0);
            return new OomFinding { Killed = killed.OomKill, OfHost = ofHost };
        }

        if (before is not { } then || after is not { } end)
        {
            return None;
        }

        if (then.Unified is { } earlier && end.Unified is { } later)
        {
            // Who meets a limit reclaims, and reclaiming is stalled time of its own leaf: without any it was somebody else.
            bool met = later.Max > earlier.Max || later.High > earlier.High;
            return new OomFinding { LimitMet = met && leaf?.MemoryPressure is not { Some.Total.Ticks: 0 } };
        }

        // The peak, not memory.failcnt: Linux 6.18 leaves that 0 at an OOM. An OOM of the limit is of an allocation of at most 8 pages.
        return exitCode == KilledBySignal9 && cause == ExecEndCause.Itself && end.LegacyKills > then.LegacyKills
            ? new OomFinding { Unattributed = true, OfHost = end.Peak < wall - GrowthOptions.MiB }
            : None;
    }
}
