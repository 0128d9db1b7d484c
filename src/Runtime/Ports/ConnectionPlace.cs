using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>A place among the connections into one slot and into all slots of the host; given back when it is disposed of.</summary>
internal sealed class ConnectionPlace : IDisposable
{
    private readonly SlotConnections _slot;
    private readonly ConnectionBudget _host;
    private readonly SessionId _owner;
    private Socket? _socket;
    private int _left;

    private ConnectionPlace(SlotConnections slot, ConnectionBudget host, SessionId owner) => (_slot, _host, _owner) = (slot, host, owner);

    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended => _slot.Ended;

    /// <summary>Takes one, before anything is opened for it.</summary>
    /// <param name="slot">Where it leads.</param>
    /// <param name="host">All of the host.</param>
    /// <param name="owner">Whose sandbox it is.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.QuotaExceeded"/>.</exception>
    /// <exception cref="ObjectDisposedException">The slot has ended.</exception>
    public static ConnectionPlace Take(SlotConnections slot, ConnectionBudget host, SessionId owner)
    {
        if (!slot.TryEnter())
        {
            throw RuntimeException.Quota(
                "connections_per_sandbox", SlotConnections.Most, $"{SlotConnections.Most} connections into the sandbox are open already; close one first");
        }

        if (host.Enter(owner) is not { } full)
        {
            return new ConnectionPlace(slot, host, owner);
        }

        slot.Leave(null);
        throw full;
    }

    /// <summary>Takes over the connection that the place was for; false when the slot has ended meanwhile.</summary>
    public bool TryHold(Socket socket)
    {
        if (!_slot.TryHold(socket))
        {
            return false;
        }

        _socket = socket;
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _slot.Leave(_socket);
            _host.Leave(_owner);
        }
    }
}
