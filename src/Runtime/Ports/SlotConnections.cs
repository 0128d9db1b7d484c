using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>The connections into one slot, so that they end with it; and the ports on which a server was seen there.</summary>
internal sealed class SlotConnections : IDisposable
{
    /// <summary>The most at once.</summary>
    public const int Most = 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private readonly HashSet<int> _seen = [];
    private readonly CancellationTokenSource _ended = new();
    private bool _isOver;

    public SlotConnections() => Ended = _ended.Token;

    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Whether there is one.</summary>
    public bool Any
    {
        get
        {
            lock (_lock)
            {
                return _open.Count > 0;
            }
        }
    }

    /// <summary>Adds one; false when there are as many as there may be, or the slot has ended.</summary>
    public bool TryAdd(Socket socket)
    {
        lock (_lock)
        {
            return !_isOver && _open.Count < Most && _open.Add(socket);
        }
    }

    /// <summary>Takes one out that is being closed.</summary>
    public void Remove(Socket socket)
    {
        lock (_lock)
        {
            _open.Remove(socket);
        }
    }

    /// <summary>Notes that a server was seen.</summary>
    public void See(int port)
    {
        lock (_lock)
        {
            _seen.Add(port);
        }
    }

    /// <summary>Whether one was seen before.</summary>
    public bool WasSeen(int port)
    {
        lock (_lock)
        {
            return _seen.Contains(port);
        }
    }

    /// <summary>Closes all; nothing new begins.</summary>
    public void Dispose()
    {
        Socket[] open;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            open = [.. _open];
            _open.Clear();
        }

        _ended.Cancel();
        foreach (Socket socket in open)
        {
            socket.Dispose();
        }

        _ended.Dispose();
    }
}
