using System.Collections.Concurrent;

namespace Sleigh.Runtime;

/// <summary>The sandboxes that callers can see.</summary>
internal sealed class SandboxTable
{
    private readonly ConcurrentDictionary<SandboxId, SandboxEntry> _entries = new();

    /// <summary>All entries, oldest first.</summary>
    public IEnumerable<SandboxEntry> All => _entries.Values.OrderBy(e => e.Record.Sandbox.Created).ThenBy(e => e.Id.ToString(), StringComparer.Ordinal);

    /// <summary>All entries, in no order; without the cost of sorting.</summary>
    public IEnumerable<SandboxEntry> Unordered => _entries.Select(e => e.Value);

    /// <summary>How many there are.</summary>
    public int Count => _entries.Count;

    public SandboxEntry? Find(SandboxId id) => _entries.GetValueOrDefault(id);

    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    public SandboxEntry Require(SandboxId id) =>
        Find(id) is { IsDeleted: false } entry ? entry : throw RuntimeException.NoSandbox(id);

    public void Add(SandboxEntry entry) => _entries[entry.Id] = entry;

    /// <summary>False when somebody else removed it first.</summary>
    public bool TryRemove(SandboxId id) => _entries.TryRemove(id, out _);
}
