using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sleigh.Containerd;

/// <summary>
/// Counts what a tar would make on disk, while it flows by: members, and bytes with the holes of sparse files (a member of some
/// bytes may stand for a file of terabytes, and containerd writes the holes as zeros). Knows no more of tar than that needs
/// (POSIX ustar and pax, GNU sparse forms).
/// </summary>
internal sealed class TarMeter
{
    private const int BlockSize = 512;
    private const int MaxPax = 1 << 20;

    private readonly byte[] _block = new byte[BlockSize];
    private int _filled;
    private long _skip;
    private ArrayBufferWriter<byte>? _pax;
    private long _paxLeft;
    private bool _global;
    private long? _nextSize;
    private long? _nextRealSize;

    /// <summary>Files, directories and links so far.</summary>
    public int Members { get; private set; }

    /// <summary>Bytes that the files so far have once unpacked.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the end mark was seen; what follows it is not looked at, neither here nor by containerd.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether some bytes can be the first of a tar: a header with a right checksum, or an end mark.</summary>
    public static bool LooksLikeTar(ReadOnlySpan<byte> first) =>
        first.Length >= BlockSize && (IsZero(first[..BlockSize]) || HasChecksum(first[..BlockSize]));

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="FormatException">They are not the bytes of a tar.</exception>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !Ended)
        {
            if (_skip > 0)
            {
                int skipped = (int)Math.Min(_skip, bytes.Length);
                TakePax(bytes[..skipped]);
                _skip -= skipped;
                bytes = bytes[skipped..];
                if (_skip == 0)
                {
                    EndPax();
                }

                continue;
            }

            int taken = Math.Min(BlockSize - _filled, bytes.Length);
            bytes[..taken].CopyTo(_block.AsSpan(_filled));
            _filled += taken;
            bytes = bytes[taken..];
            if (_filled == BlockSize)
            {
                _filled = 0;
                ReadHeader(_block);
            }
        }
    }

    /// <summary>Says that there are no more bytes.</summary>
    /// <exception cref="FormatException">The tar is cut off.</exception>
    public void Finish()
    {
        // Some writers leave the end mark out; a cut within a member or a header is another thing.
        if (!Ended && (_skip > 0 || _filled > 0))
        {
            throw new FormatException("it ends in the middle of a member");
        }
    }

    private void ReadHeader(ReadOnlySpan<byte> header)
    {
        if (IsZero(header))
        {
            Ended = true;
            return;
        }

        if (!HasChecksum(header))
        {
            throw new FormatException("a member's header has a wrong checksum");
        }

        char type = (char)header[156];
        long size = ReadNumber(header.Slice(124, 12));
        if (type is 'x' or 'g')
        {
            if (size > MaxPax)
            {
                throw new FormatException($"a member's extended header has {size} bytes");
            }

            _pax = new ArrayBufferWriter<byte>();
            _paxLeft = size;
            _global = type == 'g';
        }
        else if (type is not ('L' or 'K'))
        {
            size = _nextSize ?? size;

            // GNU's own sparse form: the real size stands in the header, and further blocks of the map may follow it.
            long real = _nextRealSize ?? (type == 'S' ? ReadNumber(header.Slice(483, 12)) : size);
            bool moreMap = type == 'S' && header[482] != 0;
            Members++;
            Bytes = checked(Bytes + (IsFile(type) ? Math.Max(real, size) : 0));
            _nextSize = _nextRealSize = null;
            if (!IsFile(type))
            {
                // The size of a link or a directory does not mean that data follow.
                size = type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : size;
            }

            if (moreMap)
            {
                throw new FormatException("a sparse member of the old GNU form with a long map is not supported");
            }
        }

        _skip = checked((size + BlockSize - 1) / BlockSize * BlockSize);
        if (_skip == 0)
        {
            EndPax();
        }
    }

    private static bool IsFile(char type) => type is '0' or '\0' or '7' or 'S';

    private void TakePax(ReadOnlySpan<byte> bytes)
    {
        if (_pax is not null)
        {
            int part = (int)Math.Min(_paxLeft, bytes.Length);
            _pax.Write(bytes[..part]);
            _paxLeft -= part;
        }
    }

    /// <summary>Records of a pax header: "length keyword=value\n".</summary>
    private void EndPax()
    {
        if (_pax is null)
        {
            return;
        }

        ReadOnlySpan<byte> rest = _pax.WrittenSpan;
        _pax = null;
        while (rest.Length > 0)
        {
            int space = rest.IndexOf((byte)' ');
            if (space <= 0 || !int.TryParse(rest[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length <= space + 1 || length > rest.Length)
            {
                throw new FormatException("a member's extended header is not valid");
            }

            string record = Encoding.UTF8.GetString(rest[(space + 1)..(length - 1)]);
            rest = rest[length..];
            int equals = record.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? record : record[..equals];
            if (!_global && key is "size" or "GNU.sparse.realsize" or "GNU.sparse.size")
            {
                if (!long.TryParse(record[(equals + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                {
                    throw new FormatException($"a member's extended header has {key} '{record[(equals + 1)..]}'");
                }

                _ = key == "size" ? _nextSize = value : _nextRealSize = value;
            }
        }
    }

    private static bool IsZero(ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;

    private static bool HasChecksum(ReadOnlySpan<byte> header)
    {
        // The sum of all bytes, those of the checksum itself taken as spaces; some old writers summed signed bytes.
        long unsigned = 0;
        long signed = 0;
        for (int i = 0; i < BlockSize; i++)
        {
            byte value = i is >= 148 and < 156 ? (byte)' ' : header[i];
            unsigned += value;
            signed += (sbyte)value;
        }

        try
        {
            long stated = ReadNumber(header.Slice(148, 8));
            return stated == unsigned || stated == signed;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>An octal number, or a binary one where the highest bit is set.</summary>
    private static long ReadNumber(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            long value = field[0] & 0x7f;
            foreach (byte b in field[1..])
            {
                if (value >> 54 != 0)
                {
                    throw new FormatException("a number in a member's header is too large");
                }

                value = (value << 8) | b;
            }

            return value;
        }

        long number = 0;
        foreach (byte b in field.Trim(" \0"u8))
        {
            if (b is < (byte)'0' or > (byte)'7')
            {
                throw new FormatException("a number in a member's header is not octal");
            }

            number = (number * 8) + (b - '0');
        }

        return number;
    }
}
