using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>A connection into a slot.</summary>
internal sealed class PortStream(Socket socket, SlotConnections connections) : NetworkStream(socket, ownsSocket: true)
{
    protected override void Dispose(bool disposing)
    {
        connections.Remove(Socket);
        base.Dispose(disposing);
    }
}
