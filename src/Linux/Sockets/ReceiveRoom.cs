using System.Net.Sockets;

namespace Sleigh.Linux.Sockets;

/// <summary>How much a socket holds of what has come and was not received yet; what comes beyond it is lost (socket(7), SO_RCVBUFFORCE, Linux 2.6.14).</summary>
public static class ReceiveRoom
{
    private const int SolSocket = 1;
    private const int ReceiveBufferForce = 33;

    /// <summary>Sets it, past <c>net.core.rmem_max</c>. The kernel counts the memory that packets take, small ones some 800 bytes, and doubles the number for it.</summary>
    /// <exception cref="SocketException">The process has no CAP_NET_ADMIN in the socket's network namespace.</exception>
    public static void Set(Socket socket, int bytes)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.SetRawSocketOption(SolSocket, ReceiveBufferForce, BitConverter.GetBytes(bytes));
    }
}
