namespace Sleigh.Cgroups.Growth;

/// <summary>What made a limit be looked at.</summary>
public enum GrowthTrigger
{
    /// <summary>The brake was reached: the <c>high</c> counter of <c>memory.events</c> has grown.</summary>
    High,

    /// <summary>Tasks were stalled for lack of memory longer than the threshold (PSI).</summary>
    Psi,

    /// <summary>The working set came near the brake although neither of the kernel's signals had come.</summary>
    Usage,

    /// <summary>Somebody asked for it.</summary>
    Manual,
}
