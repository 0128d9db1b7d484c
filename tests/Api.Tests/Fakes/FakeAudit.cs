using Sleigh.Runtime.Auditing;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Keeps entries in memory; reading is of a file that the test writes.</summary>
internal sealed class FakeAudit : IAudit
{
    private readonly Lock _lock = new();
    private readonly List<AuditEntry> _entries = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether nothing can be written.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The file that is read.</summary>
    public string File { get; set; } = "/nowhere/audit.jsonl";

    public AuditEntry[] Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    public bool TryWrite(AuditEntry entry)
    {
        lock (_lock)
        {
            if (!IsBroken)
            {
                _entries.Add(entry);
            }
        }

        return !IsBroken;
    }

    public AuditTail Read(int last, string? target) => AuditTail.Open(File, last, target);

    public Task AddedAsync()
    {
        lock (_lock)
        {
            return _added.Task;
        }
    }

    /// <summary>Wakes those who follow.</summary>
    public void Tell()
    {
        TaskCompletionSource added;
        lock (_lock)
        {
            (added, _added) = (_added, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        added.SetResult();
    }
}
