using System.Runtime.InteropServices;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// Who is at the other end of a connected unix socket, as the kernel noted it: for a server the process that called connect(2),
/// for a client the one that called listen(2) (unix(7), SO_PEERCRED).
/// </summary>
/// <param name="Pid">The process as seen from the caller's pid namespace; 0 when it is not in it.</param>
/// <param name="Uid">Its effective user at that time.</param>
/// <param name="Gid">Its effective group at that time.</param>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>Asks the kernel about a connected unix socket of any type.</summary>
    /// <exception cref="KernelException">It is no connected unix socket.</exception>
    public static unsafe PeerCredentials Of(SafeHandle socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        PeerCredentials credentials;
        uint size = (uint)sizeof(PeerCredentials);
        if (SocketCalls.GetOption(socket, SolSocket, SoPeerCred, &credentials, ref size) != 0)
        {
            throw KernelException.Last("read peer credentials of", "socket");
        }

        return credentials;
    }
}
