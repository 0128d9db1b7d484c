using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>The connections into one slot, so that they end with it; and the ports on which a server was seen there.</summary>
internal sealed class SlotConnections : IDisposable
{
    /// <summary>The most at once, those that are being opened among them.</summary>
    public const int Most = 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private readonly HashSet<int> _seen = [];
    private readonly CancellationTokenSource _ended = new();
    private int _places;
    private bool _isOver;

    public SlotConnections() => Ended = _ended.Token;

    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Whether there is one, or one is being opened.</summary>
    public bool Any
    {
        get
        {
            lock (_lock)
            {
                return !_isOver && _places > 0;
            }
        }
    }

    /// <summary>Takes a place for one that is about to be opened; false when there are as many as there may be.</summary>
    /// <exception cref="ObjectDisposedException">The slot has ended.</exception>
    public bool TryEnter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            if (_places >= Most)
            {
                return false;
            }

            _places++;
            return true;
        }
    }

    /// <summary>Takes over one that is open; false when the slot has ended.</summary>
    public bool TryHold(Socket socket)
    {
        lock (_lock)
        {
            return !_isOver && _open.Add(socket);
        }
    }

    /// <summary>Gives a place back; the connection, if there was one, is being closed.</summary>
    public void Leave(Socket? socket)
    {
        lock (_lock)
        {
            _places--;
            if (socket is not null)
            {
                _open.Remove(socket);
            }
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
