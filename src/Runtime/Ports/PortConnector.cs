using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>Opens connections to servers inside slots, over the slot's own loopback: first 127.0.0.1, then ::1.</summary>
/// <param name="open">Makes a socket in a network namespace; a <see cref="KernelException"/> where the host cannot.</param>
/// <param name="hostInode">Names the host's own network namespace.</param>
/// <param name="budget">How many there may be on the host.</param>
/// <param name="time">The clock.</param>
internal sealed class PortConnector(Func<SafeFileHandle, AddressFamily, Socket> open, ulong hostInode, ConnectionBudget budget, TimeProvider time)
{
    // A server whose queue of connections is full answers nothing at all.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly IPAddress[] Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <summary>Whether it is the host's own network namespace, where loopback is the host's, the daemon's own port included.</summary>
    public bool IsHosts(SafeFileHandle network) => Files.Stat(network).Inode == hostInode;

    /// <summary>Opens one.</summary>
    /// <param name="network">The slot's network namespace.</param>
    /// <param name="connections">Those into the slot.</param>
    /// <param name="owner">Whose sandbox it is.</param>
    /// <param name="sandbox">For the sentences.</param>
    /// <param name="port">The port inside.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.PortNotListening"/>, <see cref="ErrorKind.QuotaExceeded"/>,
    /// <see cref="ErrorKind.UnsupportedOnHost"/>; <see cref="ErrorKind.PortUnreachable"/> where the fault is the host's, with its cause.</exception>
    public async Task<PortStream> ConnectAsync(
        SafeFileHandle network, SlotConnections connections, SessionId owner, SandboxId sandbox, int port, CancellationToken cancellationToken)
    {
        ConnectionPlace? place = null;
        using CancellationTokenSource limit = new(Limit, time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken, connections.Ended);
        try
        {
            place = ConnectionPlace.Take(connections, budget, owner);
            RefuseHosts(network);
            foreach (IPAddress address in Addresses)
            {
                if (await TryAsync(network, new IPEndPoint(address, port), any.Token) is Socket socket)
                {
                    connections.See(port);
                    (PortStream stream, place) = (Keep(socket, place, sandbox), null);
                    return stream;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw connections.Ended.IsCancellationRequested
                ? Stopped(sandbox)
                : NotListening(string.Create(CultureInfo.InvariantCulture, $"the server on port {port} of sandbox {sandbox} accepts no connection"));
        }
        catch (ObjectDisposedException)
        {
            throw Stopped(sandbox);
        }
        catch (Exception e) when (e is KernelException or SocketException)
        {
            // Neither the sandbox nor its server can do anything about it.
            throw new RuntimeException(
                ErrorKind.PortUnreachable,
                string.Create(CultureInfo.InvariantCulture, $"the host could not open a connection to port {port} of sandbox {sandbox}; the daemon log has the cause"), e);
        }
        finally
        {
            place?.Dispose();
        }

        throw NotListening(string.Create(CultureInfo.InvariantCulture, $"nothing listens on port {port} of sandbox {sandbox}"));
    }

    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedOnHost"/>.</exception>
    public void RefuseHosts(SafeFileHandle network)
    {
        if (IsHosts(network))
        {
            throw InHostNetwork();
        }
    }

    /// <summary>Of a sandbox in the host's network no port is declared: behind the same number there may be any server of the host.</summary>
    public static RuntimeException InHostNetwork() => new(
        ErrorKind.UnsupportedOnHost, "a sandbox in the host's network has no ports of its own; call its server at the host's address")
    {
        Details = new Dictionary<string, object> { ["field"] = "port" },
    };

    /// <summary>The same for a handle that may be closed by now: what has ended has nothing of the host's.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedOnHost"/>.</exception>
    public void RefuseHostsIfOpen(SafeFileHandle network)
    {
        try
        {
            RefuseHosts(network);
        }
        catch (ObjectDisposedException)
        {
            // Whether the sandbox is gone or runs elsewhere by now is looked at by whoever asks.
        }
    }

    /// <summary>The sandbox does not run.</summary>
    public static RuntimeException Stopped(SandboxId sandbox) => new(ErrorKind.PortNotListening, $"sandbox {sandbox} does not run, so nothing listens in it")
    {
        Hint = "a command starts it; start the server with one",
    };

    // Null: nobody answers at this address. What else goes wrong is the host's.
    private async Task<Socket?> TryAsync(SafeFileHandle network, IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = open(network, address.AddressFamily);
            socket.NoDelay = true;
            await socket.ConnectAsync(address, cancellationToken);
            (Socket? connected, socket) = (socket, null);
            return connected;
        }
        catch (SocketException e) when (IsOfTheSandbox(e.SocketErrorCode))
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

    // Its loopback may be down or without IPv6, its own rules may refuse, and its own connections may have used up all local ports.
    private static bool IsOfTheSandbox(SocketError error) => error is
        SocketError.ConnectionRefused or SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.TimedOut or SocketError.NetworkUnreachable
        or SocketError.NetworkDown or SocketError.HostUnreachable or SocketError.HostDown or SocketError.AddressNotAvailable
        or SocketError.AddressFamilyNotSupported or SocketError.AccessDenied or SocketError.AddressAlreadyInUse;

    private static PortStream Keep(Socket socket, ConnectionPlace place, SandboxId sandbox)
    {
        if (place.TryHold(socket))
        {
            return new PortStream(socket, place);
        }

        socket.Dispose();
        place.Dispose();
        throw Stopped(sandbox);
    }

    private static RuntimeException NotListening(string sentence) => new(ErrorKind.PortNotListening, sentence)
    {
        Hint = "start the server, on any address that loopback reaches, and wait with GET /sandboxes/{id}/ports/{port}?wait=listening",
    };
}
