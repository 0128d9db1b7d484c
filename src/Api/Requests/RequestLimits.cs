using Sleigh.Network;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Requests;

/// <summary>What values of a request are measured against: settings, and the host at this moment.</summary>
/// <param name="MemoryBudgetMb">The host budget, or <c>memory.max_mb</c> if lower.</param>
/// <param name="Cores">Logical cores.</param>
/// <param name="DiskLimitUnavailable">Why there can be no disk limit; null: there can.</param>
/// <param name="NetworkUnavailable">Why sandboxes cannot be connected, null: they can; the host's programs are looked for when it is called.</param>
/// <param name="WhyClosed">Why only the operator can open what a rule names, as the end of a sentence; null: it can be opened.</param>
/// <param name="RuntimeClasses">Their names.</param>
/// <param name="RuntimeUnavailable">Why one of them cannot be had; null: it can.</param>
/// <param name="Options">The settings.</param>
internal sealed record RequestLimits(
    int MemoryBudgetMb, int Cores, string? DiskLimitUnavailable, Func<string?> NetworkUnavailable, Func<EgressRule, string?> WhyClosed, IReadOnlyList<string> RuntimeClasses,
    Func<string, string?> RuntimeUnavailable, SleighOptions Options)
{
    public static RequestLimits Of(IHost host, SleighOptions options) =>
        new(
            Math.Min(host.MemoryBudgetMb, options.Memory.MaxMb ?? int.MaxValue), host.Cores, host.DiskLimitUnavailable, () => host.NetworkUnavailable,
            host.WhyClosed, host.RuntimeClasses, host.RuntimeUnavailable, options);
}
