using System.Globalization;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>Answers in plain sentences why a sandbox's limit is what it is, and what slows the sandbox down.</summary>
public static class MemoryExplanation
{
    // Below this share of the time a wait is nothing that anybody notices.
    private const double NoticedPercent = 1;
    private const double NoticedThrottling = 0.05;

    /// <summary>The answers, in the order in which people ask.</summary>
    /// <param name="memory">The sandbox, with its kept decisions.</param>
    /// <param name="host">The ledger.</param>
    /// <param name="load">What the host does besides.</param>
    public static IReadOnlyList<MemoryAnswer> Of(SandboxMemory memory, HostMemory host, HostLoad load)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(load);
        return
        [
            new("Does its limit grow by itself?", Automatic(memory, host)),
            new("Why did it grow?", Grown(memory)),
            new("Why was it refused more?", Refused(memory)),
            new("Why is it slow?", Slow(memory, load)),
        ];
    }

    private static string Automatic(SandboxMemory memory, HostMemory host) => memory.GrowthOff is { } off
        ? $"No: {off}. Its limit is {memory.LimitMb} MB."
        : Text($"Yes, from {memory.StartMb} MB up to its ceiling of {Mb(memory.CeilingBytes)} while the host has room. ")
            + $"Its limit is {memory.LimitMb} MB now, and the ledger has room for {Mb(host.RoomBytes)} more ({host.RoomReason}).";

    private static string Grown(SandboxMemory memory)
    {
        MemoryRecord[] grown = [.. memory.Decisions.Where(d => d.Action == MemoryAction.Grown)];
        if (grown is not [var last, ..])
        {
            return memory.LimitMb > memory.StartMb
                ? $"Its limit of {memory.LimitMb} MB is above the {memory.StartMb} MB it was started with; the decisions that raised it are no longer kept."
                : $"It has not grown: its limit is the {memory.StartMb} MB it was started with.";
        }

        string text = $"{At(last.Time)} its limit rose from {last.FromMb} MB to {last.ToMb} MB because {Because(last.Trigger)} ({last.Reason}).";

        // What somebody asks for is given without looking at what is in use.
        if (last.UsageBytes > 0)
        {
            text += $" It used {Mb(last.UsageBytes)} then, {Mb(last.WorkingSetBytes)} of it without page cache that can be dropped, "
                + $"grew by {Mb((long)last.SlopeBytesPerSecond)} a second, and the ledger had room for {Mb(last.RoomBytes)}.";
        }

        if (last.DelayUsec is long delay)
        {
            text += Text($" The limit was written {delay / 1000.0:0.0} ms after the kernel's notification.");
        }

        return grown.Length > 1 ? $"{text} It rose {grown.Length} times since {Stamp(grown[^1].Time)}." : text;
    }

    private static string Refused(SandboxMemory memory)
    {
        MemoryRecord[] growth = [.. memory.Decisions.Where(d => d.IsGrowth)];
        MemoryRecord? last = Array.Find(growth, d => d.Action == MemoryAction.Refused);
        if (last is null)
        {
            return "Nothing was refused.";
        }

        string wanted = last.WantedMb is int mb ? $"{mb} MB were wanted" : "more was wanted";
        string text = $"{At(last.Time)} {wanted} and its limit stayed at {last.ToMb} MB, because {Because(last.Cause, memory)}: {last.Reason}.";
        return memory.IsWaiting ? text + " It is tried again as soon as room appears."
            : growth[0].Action == MemoryAction.Grown ? $"{text} Later, at {Stamp(growth[0].Time)}, it was given {growth[0].ToMb} MB."
            : text;
    }

    private static string Slow(SandboxMemory memory, HostLoad load)
    {
        if (!memory.Running)
        {
            return "It does not run; the next command starts it.";
        }

        if (memory.IsSqueezed)
        {
            return "It is frozen to save memory for sandboxes of higher priority; a command thaws it.";
        }

        if (memory.Sandbox.Status == SandboxStatus.Paused)
        {
            return "It is frozen for a moment by a snapshot or a rollback.";
        }

        string[] causes = [.. Causes(memory, load)];
        string text = causes.Length > 0 ? string.Join(" ", causes) : "Nothing that Sleigh limits slows it.";
        return memory.Pressure is null ? text + " This kernel has no stall figures (PSI), so waiting for memory cannot be seen." : text;
    }

    private static IEnumerable<string> Causes(SandboxMemory memory, HostLoad load)
    {
        long used = memory.WorkingSetBytes ?? memory.UsageBytes ?? 0;
        if (memory.IsWaiting && memory.BrakeBytes is long brake)
        {
            MemoryRecord? refused = memory.Decisions.FirstOrDefault(d => d.Action == MemoryAction.Refused);
            yield return $"It stands at its brake: it uses {Mb(used)} of {Mb(brake)} and was refused more"
                + $"{(refused is null ? "" : $" ({refused.Reason})")}, so the kernel slows down what allocates memory in it.";
        }
        else if (memory.BrakeBytes is null && used >= NearLimit.Share * memory.WallBytes)
        {
            yield return $"It uses {Mb(used)} of its fixed limit of {Mb(memory.WallBytes)}; the kernel takes its page cache back and reads files again, and kills where that is not enough.";
        }

        if (memory.Pressure is { } pressure && pressure.Some.Avg10 >= NoticedPercent)
        {
            yield return Text($"In the last 10 s some of it waited for memory {pressure.Some.Avg10:0.00} % of the time, and all of it {pressure.Full.Avg10:0.00} %.");
        }

        if (memory.CpuThrottledShare is double share && share >= NoticedThrottling)
        {
            string limit = memory.Sandbox.Cpus is double cpus ? Text($" of {cpus:0.##} cores") : "";
            yield return Text($"It met its CPU limit{limit} in {share * 100:0.0} % of the scheduler's periods since it was started.");
        }

        if (load.MemorySomeAvg10 is double stall && stall >= NoticedPercent)
        {
            yield return Text($"The host itself is short of memory: in the last 10 s something waited for it {stall:0.00} % of the time, and ")
                + $"{Mb(load.MemoryAvailableBytes)} of {Mb(load.MemoryTotalBytes)} are available.";
        }

        if (load.Load1 > load.Cores)
        {
            yield return Text($"The host's {load.Cores} cores are shared by more work than they can do at once: its load is {load.Load1:0.0}.");
        }
    }

    private static string Because(GrowthTrigger? trigger) => trigger switch
    {
        GrowthTrigger.High => "it had reached its brake",
        GrowthTrigger.Psi => "its processes were stalled for lack of memory",
        GrowthTrigger.Usage => "its working set had come near its brake",
        _ => "somebody had asked for it",
    };

    private static string Because(RefusalCause? cause, SandboxMemory memory) => cause switch
    {
        RefusalCause.Off => "automatic growth is off for it",
        RefusalCause.Ceiling => $"its ceiling is {Mb(memory.CeilingBytes)}",
        RefusalCause.HostShort => "the host had no memory left to promise",
        _ => "it was not possible",
    };

    private static string At(DateTimeOffset time) => $"At {Stamp(time)}";

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    private static string Mb(long bytes)
    {
        double mb = bytes / (1024.0 * 1024.0);
        return Text($"{mb.ToString(mb < 10 ? "0.#" : "0", CultureInfo.InvariantCulture)} MB");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
