using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>
/// What the host's memory is promised to. Pure. The budget is the host's total less its reserve; a sandbox at its start counts with what
/// it uses, one that has grown with its wall. No promise passes the budget, and none, were all of them used, takes MemAvailable below a
/// tenth of the host.
/// </summary>
public static partial class MemoryLedger
{
    /// <summary>
    /// So long after its last growth a sandbox in which no command runs counts as idle. Far less than the patience of a give-back: what the
    /// commands that have just ended leave behind is what others live on when many share a host.
    /// </summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);

    /// <summary>What a sandbox counts as promised.</summary>
    public static long Promised(LedgerLine line) => line.Promised;

    /// <summary>Adds up.</summary>
    public static LedgerSum Sum(LedgerHost host, IReadOnlyList<LedgerLine> lines)
    {
        long limits = 0;
        long promised = 0;
        long used = 0;
        long unused = 0;
        long droppable = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            LedgerLine line = lines[i];
            long own = line.Promised;
            limits = Mebibytes.Add(limits, Math.Min(line.Brake, line.Wall));
            promised = Mebibytes.Add(promised, own);
            used = Mebibytes.Add(used, line.Usage);
            unused = Mebibytes.Add(unused, Math.Max(0, own - line.Usage));
            droppable = Mebibytes.Add(droppable, Math.Max(0, line.Usage - line.WorkingSet));
        }

        long budget = host.Budget - promised;
        long available = Math.Max(0, host.Available - host.Kept) - unused;
        bool isByBudget = budget <= available;
        return new LedgerSum(
            limits, promised, used, Mebibytes.Add(unused, droppable), Math.Max(0, Math.Min(budget, available)), Reason(host, unused, isByBudget), isByBudget);
    }

    /// <summary>
    /// By how much the wall of one sandbox may rise above what that sandbox holds promised now. Its own promise that is not used yet is
    /// counted like those of the others: it will use that first. What those who go before it lack is not for it: room that is scarce goes
    /// to one after the other, so that each gets through, and not to all in small parts, so that none does.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="lines">All sandboxes.</param>
    /// <param name="name">The one that is to grow.</param>
    /// <exception cref="ArgumentException">There is no line of that name.</exception>
    public static HostRoom RoomFor(LedgerHost host, IReadOnlyList<LedgerLine> lines, string name)
    {
        LedgerLine one = Find(lines, name);
        LedgerSum sum = Sum(host, lines);
        long owed = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].GoesBefore(one))
            {
                owed = Mebibytes.Add(owed, lines[i].Missing);
            }
        }

        string reason = owed == 0 || sum.Room == 0
            ? sum.RoomReason
            : $"the host has {sum.Room / GrowthOptions.MiB} MB to give, and others that have needed more for longer lack {owed / GrowthOptions.MiB} MB";
        return new HostRoom(Math.Max(0, sum.Room - owed), reason, Math.Max(0, owed - sum.Room));
    }

    private static LedgerLine Find(IReadOnlyList<LedgerLine> lines, string name)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].Name == name)
            {
                return lines[i];
            }
        }

        throw new ArgumentException($"The ledger has no line '{name}'.", nameof(name));
    }

    private static string Reason(LedgerHost host, long unused, bool isBudget) => isBudget
        ? $"the host's budget of {host.Budget / GrowthOptions.MiB} MB is promised"
        : $"the host has {host.Available / GrowthOptions.MiB} MB available, keeps 10 % and has promised {unused / GrowthOptions.MiB} MB that are not used yet";
}
