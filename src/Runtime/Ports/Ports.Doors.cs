using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <content>TCP ports of the host.</content>
internal sealed partial class Ports
{
    private bool IsGiven(int port) => _options.Now.Ingress.TcpPorts?.Contains(port) == true;

    // What the operator has taken back is closed, and stays recorded: it opens again when he gives it again.
    private void SetDoors(bool isStart)
    {
        lock (_changes)
        {
            if (_isStopped)
            {
                return;
            }

            foreach (PortRecord record in _table.All.Where(e => !e.IsDeleted).SelectMany(e => e.Ports))
            {
                if (record.Tcp is not int port)
                {
                    continue;
                }

                bool isOpen = _doors.Find(record.Sandbox, record.Number) is not null;
                if (!IsGiven(port))
                {
                    _doors.Close(record.Sandbox, record.Number);
                    if (isOpen || isStart)
                    {
                        DoorClosed(_logger, port, record.Number, record.Sandbox.ToString());
                    }
                }
                else if (!isOpen && !TryOpenDoor(record, port))
                {
                    DoorTaken(_logger, port, record.Number, record.Sandbox.ToString());
                }
            }
        }
    }

    // The number it had before is the first choice: callers may know it.
    private int OpenDoor(PortRecord record)
    {
        PortRange range = _options.Now.Ingress.TcpPorts
            ?? throw new RuntimeException(ErrorKind.UnsupportedOnHost, "the operator has set no range of TCP ports (ingress.tcp_ports)")
            {
                Details = new Dictionary<string, object> { ["field"] = "listen" },
            };
        HashSet<int> taken = [.. _table.All.SelectMany(e => e.Ports).Where(r => r != record).Select(r => r.Tcp).OfType<int>()];
        IEnumerable<int> choices = Enumerable.Range(range.First, range.Count).Where(p => !taken.Contains(p));
        foreach (int port in record.Tcp is int before && IsGiven(before) ? choices.Prepend(before) : choices)
        {
            if (TryOpenDoor(record, port))
            {
                return port;
            }
        }

        throw RuntimeException.Quota("ingress.tcp_ports", range.Count, $"all TCP ports that sandboxes may be given ({range}) are in use");
    }

    private bool TryOpenDoor(PortRecord record, int port)
    {
        TcpDoor? door = null;
        try
        {
            RefusedConnections refused = new(_time, (count, why) => ConnectionsRefused(_logger, count, port, record.Number, record.Sandbox.ToString(), why.Message, why.InnerException));
            door = TcpDoor.TryOpen(port, token => ConnectAsync(record.Sandbox, record.Number, token), refused.Note);
        }
        catch (SocketException e)
        {
            DoorFailed(_logger, port, record.Number, record.Sandbox.ToString(), e);
        }

        if (door is not null)
        {
            _doors.Add(record.Sandbox, record.Number, door);
        }

        return door is not null;
    }

    private async ValueTask<PortStream> ConnectAsync(SandboxId id, int port, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        return await ConnectAsync(entry, Running(entry), port, cancellationToken);
    }

    [LoggerMessage(EventId = 1480, EventName = "ports", Level = LogLevel.Warning, Message = "TCP port {Tcp} of the host, which leads to port {Port} of {Sandbox}, is in use by another program; put the port again for another one")]
    private static partial void DoorTaken(ILogger logger, int tcp, int port, string sandbox);

    [LoggerMessage(EventId = 1481, EventName = "ports", Level = LogLevel.Warning, Message = "TCP port {Tcp} of the host could not be opened for port {Port} of {Sandbox}")]
    private static partial void DoorFailed(ILogger logger, int tcp, int port, string sandbox, Exception exception);

    [LoggerMessage(EventId = 1482, EventName = "ports", Level = LogLevel.Warning, Message = "TCP port {Tcp} of the host, which leads to port {Port} of {Sandbox}, is closed: it is none of ingress.tcp_ports")]
    private static partial void DoorClosed(ILogger logger, int tcp, int port, string sandbox);

    [LoggerMessage(EventId = 1487, EventName = "ports", Level = LogLevel.Warning, Message = "Refused {Count} connections to TCP port {Tcp} of the host, which leads to port {Port} of {Sandbox}: {Reason}")]
    private static partial void ConnectionsRefused(ILogger logger, int count, int tcp, int port, string sandbox, string reason, Exception? exception);
}
