using System.Collections.Concurrent;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime;

/// <summary>Rollbacks that kills for memory set off: one for all commands that were killed in the same files.</summary>
internal sealed class OomRollbacks
{
    private readonly ConcurrentDictionary<string, Lazy<Task<OomAftermath>>> _byLayer = new();
    private readonly TaskCompletionSource _allowed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest snapshot of a sandbox, null when it has none; set once, before anything starts.</summary>
    public Func<SandboxId, SnapshotId?> Newest { get; set; } = _ => null;

    /// <summary>Does a rollback, and answers one that failed with <see cref="OomAftermath.Nothing"/>; set once, before anything starts.</summary>
    public Func<SandboxEntry, OomIntent, Task<OomAftermath>> Perform { get; set; } = (_, _) => Task.FromResult<OomAftermath>(new OomAftermath.Nothing());

    /// <summary>Lets rollbacks begin; until then what was found at the start of the daemon is still being sorted.</summary>
    public void Allow() => _allowed.TrySetResult();

    /// <summary>Whether a rollback of these files is under way.</summary>
    public bool IsRunning(string layer) => _byLayer.ContainsKey(layer);

    /// <summary>Begins to roll back, or joins the rollback of the same files that is under way. Never waits.</summary>
    public Task<OomAftermath> Begin(SandboxEntry entry, OomIntent intent) =>
        _byLayer.GetOrAdd(intent.Layer, layer => new Lazy<Task<OomAftermath>>(() => Task.Run(() => RunAsync(entry, intent)))).Value;

    private async Task<OomAftermath> RunAsync(SandboxEntry entry, OomIntent intent)
    {
        await _allowed.Task;
        try
        {
            return await Perform(entry, intent);
        }
        finally
        {
            _byLayer.TryRemove(intent.Layer, out _);
        }
    }
}
