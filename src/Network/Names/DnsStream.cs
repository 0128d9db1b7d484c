using System.Buffers.Binary;
using System.Net.Sockets;

namespace Sleigh.Network;

/// <summary>Messages over TCP: each with its length before it (RFC 1035, section 4.2.2).</summary>
internal static class DnsStream
{
    /// <summary>Sends one.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">It took longer than <paramref name="limit"/>, or was given up.</exception>
    public static async Task SendAsync(Socket socket, byte[] message, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(limit);
        byte[] framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        for (int sent = 0; sent < framed.Length;)
        {
            sent += await socket.SendAsync(framed.AsMemory(sent), either.Token);
        }
    }

    /// <summary>Reads one; null: there are no more.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">It took longer than <paramref name="limit"/>, or was given up.</exception>
    public static async Task<byte[]?> ReadAsync(Socket socket, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(limit);
        byte[] length = new byte[2];
        byte[]? message = await FillAsync(length) ? new byte[BinaryPrimitives.ReadUInt16BigEndian(length)] : null;
        return message is not null && await FillAsync(message) ? message : null;

        async Task<bool> FillAsync(byte[] buffer)
        {
            for (int got = 0; got < buffer.Length;)
            {
                int now = await socket.ReceiveAsync(buffer.AsMemory(got), either.Token);
                if (now == 0)
                {
                    return false;
                }

                got += now;
            }

            return true;
        }
    }
}
