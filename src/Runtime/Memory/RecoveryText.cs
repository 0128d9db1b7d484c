using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>What was done about memory during a command, for its result: section 7.5 of the contract.</summary>
internal static class RecoveryText
{
    private const int MostGrowth = 10;

    /// <summary>Growth and kill in order of time; null: nothing happened. <see cref="Add"/> puts what followed behind it.</summary>
    /// <param name="finding">What the kernel counted.</param>
    /// <param name="report">What is reported of it.</param>
    /// <param name="span">What was decided meanwhile.</param>
    public static string? Of(OomFinding finding, OomReport? report, GrowthSpan span)
    {
        List<string> parts = [.. Growth(span.Growth).TakeLast(MostGrowth)];
        if (report is { Killed: true })
        {
            parts.Add(finding.OfHost
                ? "out of memory: the host had none left and a process was killed"
                : Say($"out of memory: a process was killed at {report.LimitMb} MB"));
        }

        if (finding.Unattributed)
        {
            string why = finding.OfHost
                ? "the kernel killed a process in the sandbox for lack of memory"
                : Say($"the sandbox's limit of {span.WallBytes / GrowthOptions.MiB} MB was reached and the kernel killed a process in it");
            parts.Add($"{why}; this host cannot tell whose it was");
        }

        return parts.Count == 0 ? null : string.Join("; ", parts);
    }

    /// <summary>Puts what followed a kill behind it.</summary>
    public static string? Add(string? recovery, OomAftermath aftermath)
    {
        string? after = aftermath switch
        {
            OomAftermath.Nothing => "nothing was rolled back",
            OomAftermath.RolledBack(var snapshot) => $"rolled back to snapshot {snapshot} (on_oom=rollback)",
            OomAftermath.NoSnapshot => "on_oom=rollback but there is no snapshot",
            _ => null,
        };
        return after is null ? recovery : recovery is null ? after : $"{recovery}; {after}";
    }

    // The same refusal is tried again and again while room is waited for: it is told once.
    private static IEnumerable<string> Growth(IReadOnlyList<MemoryRecord> growth)
    {
        string? before = null;
        foreach (MemoryRecord record in growth)
        {
            string text = record.Action == MemoryAction.Refused
                ? Say($"memory growth refused at {record.FromMb} MB: {record.Reason}")
                : Say($"memory grown from {record.FromMb} MB to {record.ToMb} MB{Trigger(record.Trigger)}");
            if (text != before)
            {
                yield return text;
            }

            before = text;
        }
    }

    private static string Trigger(GrowthTrigger? trigger) => trigger switch
    {
        GrowthTrigger.High => " (trigger high)",
        GrowthTrigger.Psi => " (trigger psi)",
        GrowthTrigger.Usage => " (trigger usage)",
        GrowthTrigger.Manual => " (trigger manual)",
        _ => "",
    };

    private static string Say(FormattableString text) => FormattableString.Invariant(text);
}
