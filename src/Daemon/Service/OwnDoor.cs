using System.Net.Sockets;
using System.Text;

namespace Sleigh.Daemon.Service;

/// <summary>Calls the daemon through its own socket, as a client would.</summary>
internal static class OwnDoor
{
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    /// <summary>Completes when the daemon has said that it lives.</summary>
    /// <exception cref="IOException">It said something else.</exception>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static async Task KnockAsync(string socketPath, CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
        await socket.SendAsync(Request, cancellationToken);
        byte[] reply = new byte[1024];
        int length = 0;
        for (int read = 1; read > 0 && length < reply.Length; length += read)
        {
            read = await socket.ReceiveAsync(reply.AsMemory(length), cancellationToken);
        }

        string said = Encoding.ASCII.GetString(reply, 0, length);
        if (!said.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new IOException($"/healthz answers '{said.Split('\r')[0]}'");
        }
    }
}
