namespace Sleigh.Runtime;

/// <summary>Finding a snapshot by what a caller sent.</summary>
internal static class SnapshotLookup
{
    /// <summary>A snapshot of that sandbox.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SnapshotNotFound"/>; the text names those that there are, newest first.</exception>
    public static Snapshot Require(SnapshotTable snapshots, SandboxId sandbox, string snapshotId)
    {
        Snapshot[] all = [.. snapshots.Of(sandbox).Reverse()];
        if (SnapshotId.TryParse(snapshotId, out SnapshotId id) && all.FirstOrDefault(s => s.Id == id) is Snapshot found)
        {
            return found;
        }

        string[] ids = [.. all.Select(s => s.Id.ToString())];
        throw new RuntimeException(
            ErrorKind.SnapshotNotFound,
            $"snapshot not found: {snapshotId}; available snapshot ids: {(ids.Length == 0 ? "none" : string.Join(", ", ids))}")
        {
            Details = new Dictionary<string, object> { ["available_snapshot_ids"] = ids },
        };
    }
}
