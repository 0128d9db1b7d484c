using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Reads a tar archive from a stream in constant memory: v7, ustar, pax (local and global), GNU's long names and binary numbers.
/// Sparse and multi-volume members are refused, since their data is no file's content.
/// </summary>
internal sealed class TarInput(Stream stream, CancellationToken cancellationToken)
{
    private const int BufferSize = 128 * 1024;
    private const int MaxLongName = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly PaxRecords _global = PaxRecords.Parse([])!;
    private int _start;
    private int _end;
    private long _dataLeft;
    private int _padding;

    /// <summary>The last member given, for the text of an error.</summary>
    public string? At { get; private set; }

    /// <summary>The next member; null at the end. What is left of the data before is skipped.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.BadArchive"/>.</exception>
    public async ValueTask<TarMember?> NextAsync()
    {
        while (!(await DataAsync()).IsEmpty)
        {
        }

        await SkipAsync(_padding);
        _padding = 0;
        PaxRecords? local = null;
        byte[]? longName = null;
        byte[]? longTarget = null;
        while (true)
        {
            await FillAsync(TarBlock.Size, "it ends without its end mark");
            ReadOnlyMemory<byte> block = _buffer.AsMemory(_start, TarBlock.Size);
            if (block.Span.IndexOfAnyExcept((byte)0) < 0)
            {
                return null;
            }

            if (!TarBlock.IsIntact(block.Span))
            {
                throw TreeFileException.Bad("a header's checksum is wrong", At);
            }

            byte type = block.Span[TarBlock.TypeAt];
            if (type is not ((byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' or (byte)'V'))
            {
                PaxRecords records = PaxRecords.Parse([])!;
                records.Add(_global);
                records.Add(local ?? records);
                TarMember member = Member(block.Span, type, records, longName, longTarget);
                _start += TarBlock.Size;
                return member;
            }

            if (!TarBlock.TryNumber(block.Span[TarBlock.Length], out long size) || size < 0)
            {
                throw TreeFileException.Bad("a header's size is no number", At);
            }

            _start += TarBlock.Size;
            byte[] extra = await ExtraAsync(size, type is (byte)'x' or (byte)'g' ? PaxRecords.MaxBytes : MaxLongName);
            switch (type)
            {
                case (byte)'x':
                    local = ParseRecords(extra);
                    break;
                case (byte)'g':
                    _global.Add(ParseRecords(extra));
                    break;
                case (byte)'L':
                    longName = TarBlock.Text(extra).ToArray();
                    break;
                case (byte)'K':
                    longTarget = TarBlock.Text(extra).ToArray();
                    break;
                default:
                    break; // a volume's label
            }
        }
    }

    /// <summary>The next piece of the member's data, valid until the next call; empty at its end.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.BadArchive"/>: the archive is cut off.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> DataAsync()
    {
        if (_dataLeft == 0)
        {
            return default;
        }

        if (_start == _end)
        {
            await FillAsync(1, "it ends in the middle of the data");
        }

        int count = (int)Math.Min(_dataLeft, _end - _start);
        ReadOnlyMemory<byte> piece = _buffer.AsMemory(_start, count);
        _start += count;
        _dataLeft -= count;
        return piece;
    }

    /// <summary>Reads on behind the end mark to the end of the stream: GNU tar fills up to 10 kB.</summary>
    public async ValueTask DrainAsync()
    {
        while (await stream.ReadAsync(_buffer, cancellationToken) > 0)
        {
        }
    }

    private TarMember Member(ReadOnlySpan<byte> block, byte type, PaxRecords records, byte[]? longName, byte[]? longTarget)
    {
        KernelPath name = NameOf(records.Find("path") ?? longName ?? HeaderName(block));
        At = name.ToString();
        if (records.HasKey("GNU.sparse."))
        {
            throw TreeFileException.Bad("sparse members are not supported", At);
        }

        long size = Number(records, "size", block[TarBlock.Length]);
        TarKind kind = type switch
        {
            // Before ustar a directory was a file whose name ends in a slash.
            (byte)'0' or 0 or (byte)'7' => name.Bytes.EndsWith("/"u8) ? TarKind.Directory : TarKind.File,
            (byte)'1' => TarKind.HardLink,
            (byte)'2' => TarKind.SymbolicLink,
            (byte)'3' or (byte)'4' or (byte)'6' => TarKind.Special,
            (byte)'5' => TarKind.Directory,
            (byte)'S' => throw TreeFileException.Bad("sparse members are not supported", At),
            _ => throw TreeFileException.Bad($"a member of type {(type is > 32 and < 127 ? $"'{(char)type}'" : type.ToString(System.Globalization.CultureInfo.InvariantCulture))} is not supported", At),
        };

        // Links, directories and devices have no data, whatever their headers say.
        size = kind == TarKind.File ? size : 0;
        (_dataLeft, _padding) = (size, TarBlock.Padding(size));
        return new TarMember
        {
            Kind = kind,
            Name = name,
            Target = kind is TarKind.HardLink or TarKind.SymbolicLink
                ? NameOf(records.Find("linkpath") ?? longTarget ?? TarBlock.Text(block[TarBlock.Target]).ToArray())
                : default,
            Mode = (int)Number(null, "mode", block[TarBlock.Mode]) & 0xFFF,
            UserId = Id(Number(records, "uid", block[TarBlock.UserId]), "uid"),
            GroupId = Id(Number(records, "gid", block[TarBlock.GroupId]), "gid"),
            Size = size,
            Modified = ModifiedOf(records, block),
        };
    }

    // Where ustar has the beginning of a long path, GNU's older headers have times.
    private static byte[] HeaderName(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> name = TarBlock.Text(block[TarBlock.Name]);
        ReadOnlySpan<byte> prefix = block[TarBlock.Magic].SequenceEqual("ustar\0"u8) ? TarBlock.Text(block[TarBlock.Prefix]) : default;
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    private KernelPath NameOf(byte[] name) => Array.IndexOf(name, (byte)0) < 0
        ? KernelPath.FromBytes(name)
        : throw TreeFileException.Bad("a name holds a NUL", At);

    private long Number(PaxRecords? records, string key, ReadOnlySpan<byte> field)
    {
        bool ok = records?.Find(key) is byte[] text ? PaxRecords.TryCount(text, out long number) : TarBlock.TryNumber(field, out number);
        return ok && number >= 0 ? number : throw TreeFileException.Bad($"its {key} is no number of 0 or more", At);
    }

    private uint Id(long number, string key) => number < uint.MaxValue
        ? (uint)number
        : throw TreeFileException.Bad($"its {key} is larger than 4294967294", At);

    private FileTime ModifiedOf(PaxRecords records, ReadOnlySpan<byte> block)
    {
        if (records.Find("mtime") is byte[] text)
        {
            return PaxRecords.TryTime(text, out FileTime time) ? time : throw TreeFileException.Bad("its mtime is no time", At);
        }

        return TarBlock.TryNumber(block[TarBlock.Time], out long seconds) && seconds is >= -PaxRecords.LargestTime and <= PaxRecords.LargestTime
            ? new FileTime(seconds, 0)
            : throw TreeFileException.Bad("its mtime is no number", At);
    }

    private PaxRecords ParseRecords(byte[] text) => PaxRecords.Parse(text) ?? throw TreeFileException.Bad("a pax header is broken", At);

    private async ValueTask<byte[]> ExtraAsync(long size, int most)
    {
        if (size > most)
        {
            throw TreeFileException.Bad($"a header of {size} bytes is longer than {most}", At);
        }

        byte[] extra = new byte[size];
        int have = 0;
        while (have < extra.Length)
        {
            await FillAsync(1, "it ends in the middle of a header");
            int count = Math.Min(extra.Length - have, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(extra.AsSpan(have));
            _start += count;
            have += count;
        }

        await SkipAsync(TarBlock.Padding(size));
        return extra;
    }

    private async ValueTask SkipAsync(int count)
    {
        if (count > 0)
        {
            await FillAsync(count, "it ends in the middle of a block");
            _start += count;
        }
    }

    private async ValueTask FillAsync(int count, string otherwise)
    {
        if (_end - _start >= count)
        {
            return;
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < count)
        {
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read > 0 ? read : throw TreeFileException.Bad(otherwise, At);
        }
    }
}
