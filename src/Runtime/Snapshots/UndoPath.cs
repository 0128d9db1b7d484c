namespace Sleigh.Runtime;

/// <summary>The way back from a sandbox's files, from one state to the one before it.</summary>
internal static class UndoPath
{
    /// <summary>
    /// The states before the present one, latest first: along the parents, without those that are the same as what was there before them.
    /// </summary>
    /// <param name="own">The sandbox's snapshots.</param>
    /// <param name="stands">The snapshot that the files stand on.</param>
    /// <param name="hasChanged">Whether the files may differ from it.</param>
    public static IReadOnlyList<Snapshot> Find(IReadOnlyList<Snapshot> own, SnapshotId? stands, bool hasChanged)
    {
        Dictionary<SnapshotId, Snapshot> byId = own.ToDictionary(s => s.Id);
        List<Snapshot> back = [];
        bool differs = hasChanged;
        for (SnapshotId? at = stands; at is SnapshotId id && byId.TryGetValue(id, out Snapshot? snapshot); at = snapshot.Parent)
        {
            if (differs)
            {
                back.Add(snapshot);
            }

            differs = !snapshot.IsSameAsParent;
        }

        return back;
    }
}
