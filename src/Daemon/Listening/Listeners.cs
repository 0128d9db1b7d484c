using System.Net;
using System.Net.Sockets;
using Sleigh.Api.Peers;
using Sleigh.Linux;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Listening;

/// <summary>
/// The two sockets of the API, bound before anything else is opened, so that a taken port is found while there is nothing to undo. They
/// listen from then on: who calls early waits in the queue until the web server has taken them over.
/// </summary>
internal sealed class Listeners : IDisposable
{
    private const int Backlog = 512;

    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly Socket _tcp;
    private readonly Socket _unix;

    private Listeners(Socket tcp, Socket unix, string socketPath, SocketPeerPolicy policy)
    {
        (_tcp, _unix, SocketPath, Policy) = (tcp, unix, socketPath, policy);
        Address = (IPEndPoint)tcp.LocalEndPoint!;
    }

    /// <summary>The TCP address, with the port that was given where the configuration says 0.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Where the administrator's socket lies.</summary>
    public string SocketPath { get; }

    /// <summary>Who may use it.</summary>
    public SocketPeerPolicy Policy { get; }

    /// <summary>Binds both. The data directory must be held already.</summary>
    /// <exception cref="ListenException">An address is taken or not ours.</exception>
    public static Listeners Open(SleighOptions options)
    {
        Socket tcp = OpenTcp(options.Http.Listen);
        try
        {
            SocketPeerPolicy policy = SocketPeerPolicy.ForThisHost(options.Http.SocketGroup);
            return new Listeners(tcp, OpenUnix(options.SocketPath, policy), options.SocketPath, policy);
        }
        catch
        {
            tcp.Dispose();
            throw;
        }
    }

    /// <summary>The socket for an endpoint that the web server asks for; it is the web server's then.</summary>
    public Socket Take(EndPoint endpoint) => endpoint is UnixDomainSocketEndPoint ? _unix : _tcp;

    /// <summary>Closes both, and removes the socket's file.</summary>
    public void Dispose()
    {
        _tcp.Dispose();
        _unix.Dispose();
    }

    private static Socket OpenTcp(IPEndPoint address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(address);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ListenException(
                e.SocketErrorCode switch
                {
                    SocketError.AddressAlreadyInUse => $"http.listen {address} is in use by another program; stop that one, or choose another port",
                    SocketError.AddressNotAvailable => $"http.listen {address} is no address of this host; choose one that it has",
                    SocketError.AccessDenied => $"http.listen {address} is not allowed to this user; choose a port from 1024 on, or start sleighd as root",
                    _ => $"cannot listen on http.listen {address}: {e.Message}",
                },
                e);
        }
    }

    private static Socket OpenUnix(string path, SocketPeerPolicy policy)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            RemoveDead(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (policy.GroupGid is uint group)
            {
                Files.SetOwner(Descriptors.WorkingDirectory, path, policy.DaemonUid, group);
            }

            // Nobody can connect before it listens.
            File.SetUnixFileMode(path, SocketMode);
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new ListenException($"cannot listen on http.socket {path}: {e.Message}", e);
        }
        catch (ListenException)
        {
            socket.Dispose();
            throw;
        }
    }

    // A file that a daemon left which was killed. One that somebody listens on is another program's.
    private static void RemoveDead(string path)
    {
        if (Files.TryStat(Descriptors.WorkingDirectory, KernelPath.FromString(path), out _) is not { } there)
        {
            return;
        }

        if (there.Type != FileType.Socket)
        {
            throw new ListenException($"http.socket {path} is there already and is no socket; remove it, or choose another path", null);
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode is not SocketError.WouldBlock)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException)
        {
            // Its queue is full: it is alive.
        }

        throw new ListenException($"http.socket {path} is in use by another program; stop that one, or choose another path", null);
    }
}
