namespace Sleigh.Runtime;

/// <summary>The TCP ports of the host that lead into sandboxes.</summary>
internal sealed class TcpDoors : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(SandboxId Sandbox, int Port), TcpDoor> _doors = [];
    private readonly HashSet<Task> _closing = [];

    /// <summary>The one that leads to a port.</summary>
    public TcpDoor? Find(SandboxId sandbox, int port)
    {
        lock (_lock)
        {
            return _doors.GetValueOrDefault((sandbox, port));
        }
    }

    /// <summary>Adds one.</summary>
    public void Add(SandboxId sandbox, int port, TcpDoor door)
    {
        lock (_lock)
        {
            _doors.Add((sandbox, port), door);
        }
    }

    /// <summary>Closes those of a sandbox, or one of them. When it returns, none of them listens.</summary>
    public void Close(SandboxId sandbox, int? port = null)
    {
        lock (_lock)
        {
            foreach ((SandboxId Sandbox, int Port) key in _doors.Keys.Where(k => k.Sandbox == sandbox && (port is null || k.Port == port)).ToArray())
            {
                _ = _doors.Remove(key, out TcpDoor? door);
                Task closing = door!.DisposeAsync().AsTask();
                _closing.RemoveWhere(task => task.IsCompleted);
                _closing.Add(closing);
            }
        }
    }

    /// <summary>Closes all and waits.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] closing;
        lock (_lock)
        {
            foreach (SandboxId sandbox in _doors.Keys.Select(k => k.Sandbox).Distinct().ToArray())
            {
                Close(sandbox);
            }

            closing = [.. _closing];
        }

        await Task.WhenAll(closing);
    }
}
