using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sleigh.Api.Peers;

/// <summary>Who connected to a unix socket, as the kernel noted it at connect time.</summary>
/// <param name="Uid">Effective user id.</param>
/// <param name="Gid">Effective group id.</param>
/// <param name="Groups">Supplementary group ids.</param>
public sealed record SocketPeer(uint Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    /// <summary>The process that connected; 0 when it is in another pid namespace that cannot be seen from here.</summary>
    public int Pid { get; init; }

    // <asm-generic/socket.h>: the numbers of x86, arm and riscv.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerGroups = 59;

    // struct ucred: pid, uid, gid, 32 bits each (unix(7)).
    private const int CredLength = 12;

    private const int UsualGroups = 64;

    // NGROUPS_MAX of <linux/limits.h>.
    private const int MostGroups = 65536;

    /// <summary>Reads SO_PEERCRED and SO_PEERGROUPS (Linux 4.13).</summary>
    /// <exception cref="SocketException">Not a connected unix socket.</exception>
    public static SocketPeer Read(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> cred = stackalloc byte[CredLength];
        int length = socket.GetRawSocketOption(SolSocket, SoPeerCred, cred);
        if (length != CredLength)
        {
            throw new InvalidOperationException($"SO_PEERCRED gave {length} bytes, not {CredLength}");
        }

        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(cred);
        return new SocketPeer(words[1], words[2], ReadGroups(socket)) { Pid = (int)words[0] };
    }

    private static uint[] ReadGroups(Socket socket)
    {
        try
        {
            return ReadGroups(socket, UsualGroups);
        }
        catch (SocketException)
        {
            // ERANGE: more groups than fit. Any other error comes back at the second try.
            return ReadGroups(socket, MostGroups);
        }
    }

    private static uint[] ReadGroups(Socket socket, int count)
    {
        byte[] buffer = new byte[count * sizeof(uint)];
        int length = socket.GetRawSocketOption(SolSocket, SoPeerGroups, buffer);
        return MemoryMarshal.Cast<byte, uint>(buffer.AsSpan(0, length)).ToArray();
    }
}
