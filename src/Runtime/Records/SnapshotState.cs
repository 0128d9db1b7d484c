namespace Sleigh.Runtime.Records;

/// <summary>What is recorded of a snapshot; Making and Deleting rows are cleaned up at start.</summary>
internal enum SnapshotState
{
    /// <summary>The layer is being sealed; nothing of it has been answered.</summary>
    Making,

    /// <summary>Taken.</summary>
    Sealed,

    /// <summary>Deleted for callers; its layer is removed once nothing stands on it.</summary>
    Deleting,
}
