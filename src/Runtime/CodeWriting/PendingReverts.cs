namespace Sleigh.Runtime.CodeWriting;

/// <summary>Writes that may still be taken back. A later one of the same file lets the earlier ones stay: what it has written is not lost.</summary>
internal sealed class PendingReverts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(SandboxId Sandbox, string Path), Mark> _marks = [];

    /// <summary>Notes a write; called within the sandbox's turn.</summary>
    /// <returns>What is asked before the write is taken back. Dispose it at the end of the call.</returns>
    public Mark Begin(SandboxId sandbox, SandboxFilePath path)
    {
        Mark mark = new(this, (sandbox, path.Text));
        lock (_lock)
        {
            if (_marks.TryGetValue(mark.Key, out Mark? earlier))
            {
                earlier.IsOvertaken = true;
            }

            _marks[mark.Key] = mark;
        }

        return mark;
    }

    private void End(Mark mark)
    {
        lock (_lock)
        {
            if (_marks.TryGetValue(mark.Key, out Mark? newest) && newest == mark)
            {
                _marks.Remove(mark.Key);
            }
        }
    }

    /// <summary>A write of a call that has not ended.</summary>
    public sealed class Mark(PendingReverts all, (SandboxId Sandbox, string Path) key) : IDisposable
    {
        /// <summary>Which file.</summary>
        public (SandboxId Sandbox, string Path) Key => key;

        /// <summary>Whether another call has written the file since.</summary>
        public bool IsOvertaken { get; set; }

        /// <inheritdoc/>
        public void Dispose() => all.End(this);
    }
}
