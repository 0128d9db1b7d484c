namespace Sleigh.Runtime;

/// <summary>The files as they are before a command: a snapshot that holds them, and the sandbox's turn, kept until this is disposed of.</summary>
internal sealed class StateBefore(SnapshotId snapshot, IDisposable turn) : IDisposable
{
    /// <summary>The snapshot; taken for this, or an earlier one since which nothing has changed.</summary>
    public SnapshotId Snapshot { get; } = snapshot;

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();
}
