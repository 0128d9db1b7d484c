using System.Buffers.Binary;
using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>A gRPC message on the wire: one byte of flags, four bytes of length (big-endian), the message.</summary>
internal static class GrpcFrame
{
    public const int HeaderSize = 5;

    public static byte[] Write(IMessage message)
    {
        int size = message.CalculateSize();
        byte[] frame = new byte[HeaderSize + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    /// <summary>The length of the message that follows a header.</summary>
    /// <exception cref="InvalidDataException">The header is cut off, marks a compressed message, or names too long a one.</exception>
    public static int ReadLength(ReadOnlySpan<byte> header, int maxLength)
    {
        if (header.Length < HeaderSize)
        {
            throw new InvalidDataException($"a message header of {header.Length} bytes is cut off");
        }

        if (header[0] != 0)
        {
            throw new InvalidDataException($"a message with flags {header[0]} (compressed) was not asked for");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return length <= (uint)maxLength
            ? (int)length
            : throw new InvalidDataException($"a message of {length} bytes is larger than the limit of {maxLength}");
    }
}
