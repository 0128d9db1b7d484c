namespace Sleigh.Runtime;

/// <summary>Which snapshots of a sandbox are more than the settings keep.</summary>
internal static class SurplusSnapshots
{
    /// <summary>Those to delete: the oldest, but for those that are kept and those that live files stand on.</summary>
    /// <param name="all">The sandbox's snapshots, oldest first.</param>
    /// <param name="stoodOn">What any sandbox's live files stand on.</param>
    /// <param name="automatic">How many automatic ones stay.</param>
    /// <param name="most">How many stay, of whatever kind; 0: all.</param>
    public static IReadOnlyList<Snapshot> Find(IReadOnlyList<Snapshot> all, IReadOnlySet<SnapshotId> stoodOn, int automatic, int most)
    {
        Snapshot[] free = [.. all.Where(s => !s.IsKept && !stoodOn.Contains(s.Id))];
        int automaticSurplus = all.Count(s => s is { IsAutomatic: true, IsKept: false }) - automatic;
        HashSet<Snapshot> surplus = [.. free.Where(s => s.IsAutomatic).Take(Math.Max(0, automaticSurplus))];
        int left = all.Count - surplus.Count;
        surplus.UnionWith(free.Where(s => !surplus.Contains(s)).Take(most == 0 ? 0 : Math.Max(0, left - most)));
        return [.. all.Where(surplus.Contains)];
    }
}
