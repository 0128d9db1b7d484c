using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

public static partial class MemoryLedger
{
    /// <summary>
    /// From whom to take so many bytes of promise, biggest first and no more than needed: unused promises and page cache of sandboxes that
    /// are idle; then, if that is allowed and not enough, all memory of idle ones of lower priority, frozen, as far as swap takes it. Fewer bytes than asked for
    /// where there are not more.
    /// </summary>
    /// <param name="host">The host. Where MemAvailable is what is short, no page cache is dropped: it counts as available already.</param>
    /// <param name="lines">All sandboxes.</param>
    /// <param name="needy">The one in need; nothing is taken from it.</param>
    /// <param name="bytes">How much is wanted.</param>
    /// <param name="squeeze">Whether idle ones of lower priority may be frozen.</param>
    /// <param name="options">The policy's figures; null: the product's.</param>
    /// <exception cref="ArgumentException">There is no line of that name.</exception>
    public static IReadOnlyList<TakeBack> PlanTakeBack(
        LedgerHost host, IReadOnlyList<LedgerLine> lines, string needy, long bytes, bool squeeze, GrowthOptions? options = null)
    {
        LedgerLine one = Find(lines, needy);
        if (bytes <= 0)
        {
            return [];
        }

        var plan = new TakeBackPlan(one, options ?? new GrowthOptions(), Sum(host, lines).IsByBudget, host.SwapFree);
        plan.TakeUnused(lines, bytes);
        if (squeeze)
        {
            plan.Squeeze(lines, bytes);
        }

        return plan.Steps;
    }
}
