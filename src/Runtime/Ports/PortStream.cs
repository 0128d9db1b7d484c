using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>A connection into a slot, and its place among those.</summary>
internal sealed class PortStream(Socket socket, ConnectionPlace place) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended { get; } = place.Ended;

    protected override void Dispose(bool disposing)
    {
        place.Dispose();
        base.Dispose(disposing);
    }
}
