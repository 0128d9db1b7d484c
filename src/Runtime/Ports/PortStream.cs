using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>A connection into a slot, and its place among those.</summary>
internal sealed class PortStream(Socket socket, ConnectionPlace place) : NetworkStream(socket, ownsSocket: true)
{
    private int _over;

    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended { get; } = place.Ended;

    /// <summary>Called once at its end, while its place is still taken: until then the sandbox is in use, and so is its session.</summary>
    public Action Ending { get; set; } = () => { };

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            Ending();
        }

        place.Dispose();
        base.Dispose(disposing);
    }
}
