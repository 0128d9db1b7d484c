namespace Sleigh.Cgroups.Growth;

/// <summary>What is to become of a brake and a wall, and why. Bytes, whole MiB.</summary>
/// <param name="Reason">One phrase for people.</param>
public abstract record MemoryDecision(string Reason)
{
    /// <summary>Nothing changes.</summary>
    public sealed record Keep(string Reason) : MemoryDecision(Reason);

    /// <summary>Both rise. Write the wall first.</summary>
    /// <param name="Brake">The next brake.</param>
    /// <param name="Wall">The next wall.</param>
    /// <param name="Trigger">What set it off.</param>
    /// <param name="Wanted">The brake that was wanted; more than <paramref name="Brake"/> where ceiling or ledger cut it.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Grow(long Brake, long Wall, GrowthTrigger Trigger, long Wanted, string Reason) : MemoryDecision(Reason);

    /// <summary>It should grow and cannot; it is looked at again when room appears.</summary>
    /// <param name="Trigger">What set it off.</param>
    /// <param name="Wanted">The brake that was wanted.</param>
    /// <param name="Cause">What stands in the way.</param>
    /// <param name="Reason">Why, in words.</param>
    public sealed record Refuse(GrowthTrigger Trigger, long Wanted, RefusalCause Cause, string Reason) : MemoryDecision(Reason)
    {
        /// <summary>Whether it was refused for the same cause before in this episode, and need not be told again.</summary>
        public bool Again { get; init; }
    }

    /// <summary>
    /// So much is reclaimed, then the brake is lowered, then the wall, never below what is in use. A brake below usage has to wait for the
    /// reclaiming: the kernel would do it within the write.
    /// </summary>
    /// <param name="Brake">The next brake, at most the present one.</param>
    /// <param name="Wall">The next wall, at most the present one.</param>
    /// <param name="Reclaim">Bytes for <c>memory.reclaim</c>; 0: none.</param>
    /// <param name="Reason">Why.</param>
    public sealed record GiveBack(long Brake, long Wall, long Reclaim, string Reason) : MemoryDecision(Reason);
}
