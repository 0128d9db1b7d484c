using System.Buffers;
using System.Buffers.Binary;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Attach;

/// <summary>A frame of the attach channel: one byte of type, four of length, most significant first, and the payload.</summary>
internal static class AttachFrame
{
    public const int HeaderBytes = 5;
    public const int MaxPayload = 65_536;

    // From the client.
    public const byte Input = 0;
    public const byte Resize = 1;
    public const byte EndOfInput = 2;
    public const byte Signal = 3;

    // From the server.
    public const byte Stdout = 0;
    public const byte Stderr = 1;
    public const byte Exit = 2;
    public const byte Error = 3;

    /// <summary>Takes one frame off the front; false while it has not come whole.</summary>
    /// <exception cref="ApiException">The length is beyond the limit, or does not fit the type.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out byte type, out ReadOnlySequence<byte> payload)
    {
        (type, payload) = (0, default);
        if (buffer.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        type = header[0];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        Check(type, length);
        if (buffer.Length - HeaderBytes < length)
        {
            return false;
        }

        payload = buffer.Slice(HeaderBytes, length);
        buffer = buffer.Slice(payload.End);
        return true;
    }

    /// <summary>Writes the header of a frame.</summary>
    public static void WriteHeader(Span<byte> to, byte type, int length)
    {
        to[0] = type;
        BinaryPrimitives.WriteUInt32BigEndian(to[1..], (uint)length);
    }

    private static void Check(byte type, uint length)
    {
        string? wrong = (type, length) switch
        {
            (Input, <= MaxPayload) or (Resize, 4) or (EndOfInput, 0) or (Signal, 1) => null,
            (Input, _) => $"of type 0 has a payload of {length} bytes, and {MaxPayload} are the most",
            (Resize or EndOfInput or Signal, _) => $"of type {type} has a payload of {length} bytes",
            _ => $"has the unknown type {type}",
        };
        if (wrong is not null)
        {
            throw ApiErrors.Invalid("frame", wrong).Exception();
        }
    }
}
