using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Runtime.Init;

/// <summary>Frames to bytes and back. Reading answers false for whatever is not exactly a frame.</summary>
internal static class InitFrame
{
    /// <summary>A frame without a body.</summary>
    public static byte[] Write(FrameType type, uint seq) => Write(type, seq, 0);

    /// <summary>A frame with this body.</summary>
    public static byte[] Write<T>(FrameType type, uint seq, in T body)
        where T : unmanaged
    {
        byte[] frame = Write(type, seq, Unsafe.SizeOf<T>());
        MemoryMarshal.Write(frame.AsSpan(Unsafe.SizeOf<Header>()), in body);
        return frame;
    }

    /// <summary>Splits a frame; false when it is shorter than a header or of another version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out Header header, out ReadOnlySpan<byte> body)
    {
        bool ok = MemoryMarshal.TryRead(frame, out header) && header.Version == InitProtocol.Version;
        body = ok ? frame[Unsafe.SizeOf<Header>()..] : default;
        return ok;
    }

    /// <summary>Reads a body that is a <typeparamref name="T"/> and nothing else.</summary>
    public static bool TryReadBody<T>(ReadOnlySpan<byte> body, out T value)
        where T : unmanaged
    {
        value = default;
        return body.Length == Unsafe.SizeOf<T>() && MemoryMarshal.TryRead(body, out value);
    }

    /// <summary>Reads the entries of one LISTED frame and adds them; false when it is cut off or an entry makes no sense.</summary>
    public static bool TryReadListed(ReadOnlySpan<byte> body, ICollection<ListedExec> entries, out bool more)
    {
        more = false;
        if (!MemoryMarshal.TryRead(body, out Listed listed)
            || body.Length != Unsafe.SizeOf<Listed>() + (listed.Count * (long)Unsafe.SizeOf<ListEntry>()))
        {
            return false;
        }

        foreach (ListEntry entry in MemoryMarshal.Cast<byte, ListEntry>(body[Unsafe.SizeOf<Listed>()..]))
        {
            if (!TryReadId(entry.ExecId, out ExecId id) || !Enum.IsDefined((ExecState)entry.State))
            {
                return false;
            }

            entries.Add(new ListedExec(id, (ExecState)entry.State, entry.Pid));
        }

        more = listed.More != 0;
        return true;
    }

    /// <summary>Reads the body of a PIECE; false when it is cut off or too large.</summary>
    /// <param name="body">The body.</param>
    /// <param name="size">Bytes of all that is held.</param>
    /// <param name="data">Those of this piece.</param>
    public static bool TryReadPiece(ReadOnlyMemory<byte> body, out int size, out ReadOnlyMemory<byte> data)
    {
        (size, data) = (0, default);
        if (!MemoryMarshal.TryRead(body.Span, out Piece piece) || piece.Size > HeldMax || body.Length != Unsafe.SizeOf<Piece>() + (long)piece.Count)
        {
            return false;
        }

        (size, data) = ((int)piece.Size, body[Unsafe.SizeOf<Piece>()..]);
        return true;
    }

    /// <summary>The 32 bytes of an id: its characters, then zeros.</summary>
    public static unsafe Id WriteId(ExecId id)
    {
        Id field = default;
        Encoding.ASCII.GetBytes(id.ToString(), new Span<byte>(field.Bytes, IdSize));
        return field;
    }

    /// <summary>Reads the 32 bytes of an id; false when they hold none of ours.</summary>
    public static unsafe bool TryReadId(Id field, out ExecId id)
    {
        ReadOnlySpan<byte> bytes = new(field.Bytes, IdSize);
        int length = bytes.IndexOf((byte)0);
        id = default;
        return length > 0
            && bytes[length..].IndexOfAnyExcept((byte)0) < 0
            && ExecId.TryParse(Encoding.ASCII.GetString(bytes[..length]), out id);
    }

    /// <summary>The variable part of a START: groups, working directory, arguments, environment.</summary>
    /// <exception cref="ArgumentException">A string has a zero character in it, or it is too much.</exception>
    public static byte[] WritePayload(InitStart start)
    {
        byte[] payload = new byte[PayloadSize(start)];
        Span<byte> rest = payload;
        foreach (uint group in start.Groups)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, group);
            rest = rest[sizeof(uint)..];
        }

        foreach (string text in (IEnumerable<string>)[start.WorkingDirectory, .. start.Arguments, .. start.Environment])
        {
            int length = Encoding.UTF8.GetBytes(text, rest);
            if (rest[..length].Contains((byte)0))
            {
                throw new ArgumentException("a zero character stands in the directory, an argument or the environment");
            }

            rest = rest[(length + 1)..];
        }

        return payload;
    }

    private static int PayloadSize(InitStart start)
    {
        if (start.Arguments.Count is 0 or > ArgumentsMax
            || start.Environment.Count > EnvironmentMax
            || start.Groups.Count > GroupsMax)
        {
            throw new ArgumentException(
                $"{start.Arguments.Count} arguments, {start.Environment.Count} variables and {start.Groups.Count} groups; "
                + $"1 to {ArgumentsMax}, at most {EnvironmentMax} and at most {GroupsMax} can be passed");
        }

        long size = (start.Groups.Count * sizeof(uint)) + Size(start.WorkingDirectory)
            + start.Arguments.Sum(Size) + start.Environment.Sum(Size);
        return size <= PayloadMax
            ? (int)size
            : throw new ArgumentException($"arguments and environment have {size} bytes, at most {PayloadMax} can be passed");
    }

    private static long Size(string text) => Encoding.UTF8.GetByteCount(text) + 1L;

    private static byte[] Write(FrameType type, uint seq, int bodySize)
    {
        byte[] frame = new byte[Unsafe.SizeOf<Header>() + bodySize];
        Header header = new() { Type = type, Version = InitProtocol.Version, Seq = seq };
        MemoryMarshal.Write(frame, in header);
        return frame;
    }
}
