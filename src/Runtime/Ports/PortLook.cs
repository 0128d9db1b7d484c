using System.Net;
using Sleigh.Linux.Sockets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>What listened in a slot at one moment.</summary>
/// <param name="Slot">In which; null: the sandbox did not run.</param>
/// <param name="Listening">The addresses.</param>
internal sealed record PortLook(Slot? Slot, IReadOnlyList<IPEndPoint> Listening)
{
    /// <summary>Reads the kernel's table.</summary>
    public static PortLook Take(Slot? slot)
    {
        // What was read counts only if the process lived until afterwards: else the number may have been another's.
        IReadOnlyList<IPEndPoint> found = slot is { IsProcessAlive: true } ? ListeningSockets.Of(slot.ProcessId) : [];
        return new PortLook(slot, slot is { IsProcessAlive: true } ? found : []);
    }

    /// <summary>What was behind a port.</summary>
    public PortStatus StatusOf(int port)
    {
        if (Slot is not { IsProcessAlive: true } slot)
        {
            return PortStatus.Waiting;
        }

        IPEndPoint[] here = [.. Listening.Where(address => address.Port == port)];
        if (here.Any(address => ListeningSockets.ReachesLoopback(address.Address)))
        {
            slot.Connections.See(port);
            return PortStatus.Listening;
        }

        return here.Length > 0 || slot.Connections.WasSeen(port) ? PortStatus.Refused : PortStatus.Waiting;
    }
}
