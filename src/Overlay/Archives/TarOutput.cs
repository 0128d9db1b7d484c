using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Writes a tar archive in pax form to a stream, through one buffer: nothing goes out before that is full or <see cref="EndAsync"/>
/// is called.
/// </summary>
internal sealed class TarOutput(Stream stream, CancellationToken cancellationToken)
{
    private const int BufferSize = 128 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _used;

    /// <summary>Writes the headers of a member; its data must follow, exactly as long as announced.</summary>
    public async ValueTask MemberAsync(TarMember member)
    {
        byte[] records = PaxRecords.For(member);
        if (records.Length > 0)
        {
            await BlockAsync((byte)'x', "pax-header"u8.ToArray(), [], new TarNumbers(0x1A4, 0, 0, records.Length, 0));
            await DataAsync(records);
            await PadAsync(records.Length);
        }

        byte type = member.Kind switch
        {
            TarKind.File => (byte)'0',
            TarKind.HardLink => (byte)'1',
            TarKind.SymbolicLink => (byte)'2',
            TarKind.Directory => (byte)'5',
            TarKind.Special => member.Node switch
            {
                FileType.CharacterDevice => (byte)'3',
                FileType.BlockDevice => (byte)'4',
                FileType.Fifo => (byte)'6',
                _ => throw new ArgumentOutOfRangeException(nameof(member), member.Node, "not written"),
            },
            _ => throw new ArgumentOutOfRangeException(nameof(member), member.Kind, "not written"),
        };
        await BlockAsync(
            type, member.Name.Bytes.ToArray(), member.Target.Bytes.ToArray(),
            new TarNumbers(member.Mode, member.UserId, member.GroupId, member.Size, member.Modified.Seconds) { Device = member.Device });
    }

    /// <summary>Room for data, at least one block; <see cref="Advance"/> says how much of it was filled.</summary>
    public async ValueTask<Memory<byte>> SpaceAsync()
    {
        if (BufferSize - _used < TarBlock.Size)
        {
            await FlushAsync();
        }

        return _buffer.AsMemory(_used);
    }

    public void Advance(int count) => _used += count;

    /// <summary>Fills the last block of a member's data.</summary>
    public async ValueTask PadAsync(long size)
    {
        int padding = TarBlock.Padding(size);
        (await SpaceAsync()).Span[..padding].Clear();
        Advance(padding);
    }

    /// <summary>The two empty blocks at the end of an archive.</summary>
    public async ValueTask EndAsync()
    {
        for (int i = 0; i < 2; i++)
        {
            (await SpaceAsync()).Span[..TarBlock.Size].Clear();
            Advance(TarBlock.Size);
        }

        await FlushAsync();
    }

    private async ValueTask BlockAsync(byte type, byte[] name, byte[] target, TarNumbers numbers)
    {
        TarBlock.Write((await SpaceAsync()).Span[..TarBlock.Size], type, name, target, numbers);
        Advance(TarBlock.Size);
    }

    private async ValueTask DataAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            Memory<byte> space = await SpaceAsync();
            int count = Math.Min(space.Length, data.Length);
            data[..count].CopyTo(space);
            Advance(count);
            data = data[count..];
        }
    }

    private async ValueTask FlushAsync()
    {
        await stream.WriteAsync(_buffer.AsMemory(0, _used), cancellationToken);
        _used = 0;
    }
}
