using Microsoft.Win32.SafeHandles;

namespace Sleigh.Runtime.Init;

/// <summary>
/// Reads what sleigh-init stored of one stream. Bytes 0 to cap stand in the file as they came; byte p beyond that stands at
/// cap + (p - cap) % 65536, so that the file's end holds the tail of whatever was written. How much was written is not in the
/// file but in the exec's record: pass its figure in. Bytes that the disk did not take read as zeros.
/// </summary>
public sealed class SpoolReader : IDisposable
{
    /// <summary>How many bytes behind the cap are kept.</summary>
    public const int RingSize = InitProtocol.RingSize;

    private const int LiveAttempts = 5;

    private readonly SafeFileHandle _file;
    private readonly long _cap;

    /// <summary>Takes over an open spool.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="cap">The cap the exec was started with.</param>
    public SpoolReader(SafeFileHandle file, long cap)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(cap);
        _file = file;
        _cap = cap;
    }

    /// <summary>Opens a spool.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SpoolReader Open(string path, long cap) =>
        new(File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete), cap);

    /// <summary>How many bytes, from the first on, can be read by offset: all of them up to the cap.</summary>
    /// <param name="total">Bytes written, from the record.</param>
    public long Stored(long total) => Math.Min(total, _cap);

    /// <summary>Reads by offset in the part that is kept from the beginning.</summary>
    /// <param name="offset">The first byte wanted.</param>
    /// <param name="total">Bytes written, from the record.</param>
    /// <param name="buffer">Gets them.</param>
    /// <returns>How many: all that fit and are stored, 0 at or beyond the end.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public int Read(long offset, long total, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        long wanted = Math.Clamp(Stored(total) - offset, 0, buffer.Length);
        ReadExactly(offset, buffer[..(int)wanted]);
        return (int)wanted;
    }

    /// <summary>The last bytes of everything that a command wrote that has ended.</summary>
    /// <param name="maxBytes">At most this many; at most 65536 when the cap was passed.</param>
    /// <param name="total">Bytes written, from the complete record.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[] ReadTail(int maxBytes, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        return ReadRange(Math.Max(OldestInRing(total), total - maxBytes), total);
    }

    /// <summary>
    /// The last bytes of everything that a running command has written until now. Behind the cap the file changes while it is read:
    /// what was overwritten meanwhile is left out, so that fewer bytes may come.
    /// </summary>
    /// <param name="maxBytes">At most this many; at most 49152 when the cap was passed.</param>
    /// <param name="totalNow">Reads the stream's total from the record; called before and after the file is read.</param>
    /// <returns>The bytes, and the total they end at.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public (byte[] Tail, long Total) ReadLiveTail(int maxBytes, Func<long> totalNow)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        ArgumentNullException.ThrowIfNull(totalNow);
        for (int attempt = 1; ; attempt++)
        {
            long total = totalNow();
            // sleigh-init writes a piece of the ring first and the total after it.
            long first = Math.Max(OldestInRing(total + InitProtocol.RingChunk), total - maxBytes);
            byte[] tail = ReadRange(Math.Min(first, total), total);
            long lost = Math.Clamp(OldestInRing(totalNow() + InitProtocol.RingChunk) - first, 0, tail.Length);
            if (lost == 0 || attempt == LiveAttempts)
            {
                return (tail[(int)lost..], total);
            }
        }
    }

    /// <summary>
    /// Reads on from an offset while the command runs. Behind the cap only the last bytes are there; when the one wanted has been
    /// overwritten, the piece begins with the oldest that is left.
    /// </summary>
    /// <param name="offset">The first byte wanted.</param>
    /// <param name="maxBytes">At most this many.</param>
    /// <param name="totalNow">Reads the stream's total from the record; called before and after the file is read.</param>
    /// <returns>Where the piece begins, and the piece; nothing at or beyond the end.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public (long Offset, byte[] Data) ReadLive(long offset, int maxBytes, Func<long> totalNow)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentNullException.ThrowIfNull(totalNow);
        for (int attempt = 1; ; attempt++)
        {
            long total = totalNow();
            if (offset >= total)
            {
                return (offset, []);
            }

            long first = offset < _cap ? offset : Math.Min(Math.Max(offset, OldestInRing(total + InitProtocol.RingChunk)), total);
            // A piece ends at the cap: what lies before it can never be overwritten.
            long end = Math.Min(first + maxBytes, first < _cap ? Math.Min(total, _cap) : total);
            byte[] data = ReadRange(first, end);
            long lost = first < _cap ? 0 : Math.Clamp(OldestInRing(totalNow() + InitProtocol.RingChunk) - first, 0, data.Length);
            if (lost == 0 || attempt == LiveAttempts)
            {
                return (first + lost, data[(int)lost..]);
            }
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>The smallest position from which everything up to <paramref name="total"/> is in the file.</summary>
    private long OldestInRing(long total) => total - _cap > RingSize ? total - RingSize : 0;

    private byte[] ReadRange(long first, long end)
    {
        byte[] bytes = new byte[end - first];
        for (long at = first; at < end;)
        {
            (long offset, long run) = Place(at);
            int length = (int)Math.Min(run, end - at);
            ReadExactly(offset, bytes.AsSpan((int)(at - first), length));
            at += length;
        }

        return bytes;
    }

    /// <summary>Where byte number <paramref name="position"/> stands, and how many stand behind it in a row.</summary>
    private (long Offset, long Run) Place(long position)
    {
        if (position < _cap)
        {
            return (position, _cap - position);
        }

        long inRing = (position - _cap) % RingSize;
        return (_cap + inRing, RingSize - inRing);
    }

    private void ReadExactly(long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int length = RandomAccess.Read(_file, buffer, offset);
            if (length == 0)
            {
                buffer.Clear();
                return;
            }

            buffer = buffer[length..];
            offset += length;
        }
    }
}
