using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Opens connections to servers inside slots, over the slot's own loopback: first 127.0.0.1, then ::1.</summary>
internal sealed class PortConnector(NetworkThread network, TimeProvider time)
{
    // A server whose queue of connections is full answers nothing at all.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly IPAddress[] Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <summary>Whether the slot is in the host's own network namespace, where its loopback is the host's, the daemon's own port included.</summary>
    public bool IsHosts(Slot slot) => Files.Stat(slot.Namespaces.Network).Inode == network.HostInode;

    /// <exception cref="RuntimeException"><see cref="ErrorKind.PortNotListening"/>, <see cref="ErrorKind.QuotaExceeded"/>, <see cref="ErrorKind.UnsupportedOnHost"/>.</exception>
    public async Task<PortStream> ConnectAsync(Slot slot, SandboxId sandbox, int port, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(Limit, time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken, slot.Connections.Ended);
        try
        {
            RefuseHosts(slot);
            foreach (IPAddress address in Addresses)
            {
                if (await TryAsync(slot, new IPEndPoint(address, port), any.Token) is Socket socket)
                {
                    slot.Connections.See(port);
                    return Keep(slot, socket);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw slot.Connections.Ended.IsCancellationRequested
                ? Stopped(sandbox)
                : NotListening(string.Create(CultureInfo.InvariantCulture, $"the server on port {port} of sandbox {sandbox} accepts no connection"));
        }
        catch (Exception e) when (e is ObjectDisposedException or KernelException)
        {
            throw Stopped(sandbox);
        }

        throw NotListening(string.Create(CultureInfo.InvariantCulture, $"nothing listens on port {port} of sandbox {sandbox}"));
    }

    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedOnHost"/>.</exception>
    public void RefuseHosts(Slot slot)
    {
        if (IsHosts(slot))
        {
            throw new RuntimeException(ErrorKind.UnsupportedOnHost, "a sandbox in the host's network has no ports of its own; call its server at the host's address")
            {
                Details = new Dictionary<string, object> { ["field"] = "port" },
            };
        }
    }

    /// <summary>The sandbox does not run.</summary>
    public static RuntimeException Stopped(SandboxId sandbox) => new(ErrorKind.PortNotListening, $"sandbox {sandbox} does not run, so nothing listens in it")
    {
        Hint = "a command starts it; start the server with one",
    };

    private async Task<Socket?> TryAsync(Slot slot, IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = network.OpenTcp(slot.Namespaces.Network, address.AddressFamily);
            socket.NoDelay = true;
            await socket.ConnectAsync(address, cancellationToken);
            (Socket? connected, socket) = (socket, null);
            return connected;
        }
        catch (SocketException)
        {
            return null;
        }
        catch (KernelException e) when (e.Errno == Errno.EAFNOSUPPORT)
        {
            return null;
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private static PortStream Keep(Slot slot, Socket socket)
    {
        if (slot.Connections.TryAdd(socket))
        {
            return new PortStream(socket, slot.Connections);
        }

        socket.Dispose();
        throw RuntimeException.Quota(
            "connections_per_sandbox", SlotConnections.Most,
            string.Create(CultureInfo.InvariantCulture, $"{SlotConnections.Most} connections into the sandbox are open already; close one first"));
    }

    private static RuntimeException NotListening(string sentence) => new(ErrorKind.PortNotListening, sentence)
    {
        Hint = "start the server, on any address that loopback reaches, and wait with GET /sandboxes/{id}/ports/{port}?wait=listening",
    };
}
