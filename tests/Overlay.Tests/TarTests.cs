using System.Formats.Tar;
using System.Text;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

/// <summary>What our tar writes others read, and what others write ours reads; what is broken is refused with a sentence.</summary>
public sealed class TarTests
{
    private static readonly FileTime SomeTime = new(1_700_000_000, 123_456_789);

    public static TheoryData<TarEntryFormat> Formats() => [TarEntryFormat.V7, TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu];

    [Fact]
    public async Task Members_come_back_as_they_were_written()
    {
        KernelPath odd = KernelPath.FromBytes([0xff, (byte)'\n', 0xfe, (byte)' ', (byte)'=']);
        (TarMember, byte[])[] members =
        [
            (Member(TarKind.Directory, "dir/") with { Mode = 0x3FF }, []),
            (Member(TarKind.File, "dir/empty"), []),
            (Member(TarKind.File, "dir/setuid") with { Mode = 0xFFF, UserId = uint.MaxValue - 1, GroupId = 0x200000, Size = 700 }, Bytes(700)),
            (Member(TarKind.File, odd) with { Size = 512 }, Bytes(512)),
            (Member(TarKind.File, new string('n', 100)), []),
            (Member(TarKind.File, new string('n', 101)) with { Size = 1 }, Bytes(1)),
            (Member(TarKind.File, string.Join('/', Enumerable.Repeat(new string('d', 255), 15))), []),
            (Member(TarKind.File, "ünï/😀"), []),
            (Member(TarKind.SymbolicLink, "link") with { Target = odd }, []),
            (Member(TarKind.SymbolicLink, "long") with { Target = new string('t', 4000) }, []),
            (Member(TarKind.HardLink, "hard") with { Target = "dir/setuid" }, []),
            (Member(TarKind.File, "past") with { Modified = new FileTime(-2, 750_000_000) }, []),
            (Member(TarKind.File, "long past") with { Modified = new FileTime(-100, 0) }, []),
            (Member(TarKind.File, "just past") with { Modified = new FileTime(-1, 1) }, []),
            (Member(TarKind.File, "future") with { Modified = new FileTime(1L << 39, 999_999_999) }, []),
            (Member(TarKind.File, "big") with { Size = 300_000 }, Bytes(300_000)),
        ];

        byte[] archive = await WriteAsync(members);

        List<(TarMember Member, byte[] Data)> read = await ReadAsync(archive);
        Assert.Equal(members.Select(m => m.Item1), read.Select(m => m.Member));
        Assert.Equal(members.Select(m => m.Item2), read.Select(m => m.Data));
        Assert.Equal(0, archive.Length % 512);
    }

    [Fact]
    public async Task Another_reader_understands_what_is_written()
    {
        byte[] archive = await WriteAsync(
        [
            (Member(TarKind.Directory, "d/"), []),
            (Member(TarKind.File, "d/ü" + new string('x', 200)) with { Mode = 0x9ED, UserId = 3_000_000, GroupId = 7, Size = 5, Modified = SomeTime }, "hello"u8.ToArray()),
            (Member(TarKind.SymbolicLink, "l") with { Target = "/a b" }, []),
            (Member(TarKind.HardLink, "h") with { Target = "d/x" }, []),
        ]);

        using var reader = new TarReader(new MemoryStream(archive));
        Assert.Equal((TarEntryType.Directory, "d/"), (reader.GetNextEntry() is TarEntry d ? (d.EntryType, d.Name) : default));
        TarEntry file = reader.GetNextEntry()!;
        Assert.Equal("d/ü" + new string('x', 200), file.Name);
        Assert.Equal((3_000_000, 7, (UnixFileMode)0x9ED, 5L), (file.Uid, file.Gid, file.Mode, file.Length));
        Assert.Equal("hello", new StreamReader(file.DataStream!).ReadToEnd());
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).AddTicks(1_234_567).UtcTicks, file.ModificationTime.UtcTicks, 20d);
        Assert.Equal("/a b", reader.GetNextEntry()!.LinkName);
        Assert.Equal(TarEntryType.HardLink, reader.GetNextEntry()!.EntryType);
        Assert.Null(reader.GetNextEntry());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task What_another_writer_wrote_is_understood(TarEntryFormat format)
    {
        string name = format is TarEntryFormat.V7 ? "dir/short" : "dir/" + new string('n', 95) + (format == TarEntryFormat.Ustar ? "/m" : "/" + new string('m', 250));
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, format, leaveOpen: true))
        {
            Entry(TarEntryType.Directory, "dir", null, null);
            Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, name, null, "data");
            Entry(TarEntryType.SymbolicLink, "link", format is TarEntryFormat.V7 or TarEntryFormat.Ustar ? "short" : new string('t', 300), null);
            Entry(TarEntryType.HardLink, "hard", "dir", null);

            void Entry(TarEntryType type, string path, string? target, string? data)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(type, path),
                    TarEntryFormat.Ustar => new UstarTarEntry(type, path),
                    TarEntryFormat.Pax => new PaxTarEntry(type, path),
                    _ => new GnuTarEntry(type, path),
                };
                (entry.Uid, entry.Gid, entry.Mode) = (1000, 1001, UnixFileMode.UserRead);
                entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);
                if (target is not null)
                {
                    entry.LinkName = target;
                }

                if (data is not null)
                {
                    entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(data));
                }

                writer.WriteEntry(entry);
            }
        }

        List<(TarMember Member, byte[] Data)> read = await ReadAsync(archive.ToArray());

        Assert.Equal([TarKind.Directory, TarKind.File, TarKind.SymbolicLink, TarKind.HardLink], read.Select(m => m.Member.Kind));
        TarMember file = read[1].Member;
        Assert.Equal((name, 1000u, 1001u, 0x100, 4L), (file.Name.ToString(), file.UserId, file.GroupId, file.Mode, file.Size));
        Assert.Equal(1_600_000_000, file.Modified.Seconds);
        Assert.Equal("data"u8.ToArray(), read[1].Data);
        Assert.Equal(format is TarEntryFormat.V7 or TarEntryFormat.Ustar ? 5 : 300, read[2].Member.Target.Bytes.Length);
    }

    [Fact]
    public async Task Each_cut_of_an_archive_is_noticed()
    {
        byte[] whole = await WriteAsync(
        [
            (Member(TarKind.File, "a") with { Size = 600 }, Bytes(600)),
            (Member(TarKind.File, new string('b', 200)) with { Size = 10 }, Bytes(10)),
        ]);

        for (int length = 0; length < whole.Length - 1024; length++)
        {
            TreeFileException cut = await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync(whole[..length]));
            Assert.Equal(TreeFailure.BadArchive, cut.Failure);
        }

        Assert.Equal("the archive is not a readable tar: it ends without its end mark", (await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync([]))).Message);
        Assert.Equal(
            "the archive is not a readable tar at entry a: it ends in the middle of the data",
            (await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync(whole[..700]))).Message);
        Assert.Equal(2, (await ReadAsync(whole[..^512])).Count);
    }

    [Fact]
    public async Task Nothing_but_a_refusal_comes_of_changed_bytes()
    {
        byte[] whole = await WriteAsync(
        [
            (Member(TarKind.File, new string('é', 90)) with { Size = 3, UserId = 9_000_000 }, Bytes(3)),
            (Member(TarKind.SymbolicLink, "s") with { Target = new string('t', 150) }, []),
        ]);
        var random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. whole];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            // So that not the checksum alone finds it.
            for (int block = 0; random.Next(4) > 0 && block + 512 <= changed.Length; block += 512)
            {
                Seal(changed.AsSpan(block, 512));
            }

            try
            {
                await ReadAsync(changed);
            }
            catch (TreeFileException e) when (e.Failure == TreeFailure.BadArchive)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 5_000, 20_000);
    }

    [Theory]
    [InlineData('S', "sparse members are not supported")]
    [InlineData('M', "a member of type 'M' is not supported")]
    [InlineData('\u0001', "a member of type 1 is not supported")]
    public async Task Members_whose_data_is_no_file_are_refused(char type, string why)
    {
        byte[] archive = Header("odd", type);

        Assert.Equal($"the archive is not a readable tar at entry odd: {why}", (await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync(archive))).Message);
    }

    [Theory]
    [InlineData("22 GNU.sparse.major=1\n", "sparse members are not supported")]
    [InlineData("12 size=abc\n", "its size is no number of 0 or more")]
    [InlineData("11 size=-1\n", "its size is no number of 0 or more")]
    [InlineData("29 size=99999999999999999999\n", "its size is no number of 0 or more")]
    [InlineData("18 uid=4294967295\n", "its uid is larger than 4294967294")]
    [InlineData("13 mtime=1.x\n", "its mtime is no time")]
    [InlineData("12 path=a\0b\n", "a name holds a NUL")]
    [InlineData("8 path=a\n", null)]
    [InlineData("99 path=a\n", null)]
    [InlineData("10path=ab\n", null)]
    [InlineData("10 pathab\n", null)]
    [InlineData("x", null)]
    public async Task Pax_records_that_are_no_records_are_refused(string records, string? why)
    {
        byte[] archive = [.. Header("pax", 'x', records.Length), .. Padded(records), .. Header("file", '0')];

        TreeFileException refused = await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync(archive));
        Assert.Equal(TreeFailure.BadArchive, refused.Failure);
        Assert.EndsWith(why ?? "a pax header is broken", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Later_pax_records_win_over_earlier_and_an_empty_one_takes_away()
    {
        string global = "10 uid=77\n" + "10 gid=88\n";
        string local = "10 uid=99\n" + "7 gid=\n";
        byte[] archive =
        [
            .. Header("g", 'g', global.Length), .. Padded(global), .. Header("x", 'x', local.Length), .. Padded(local), .. Header("one", '0'),
            .. Header("two", '0'), .. new byte[1024],
        ];

        List<(TarMember Member, byte[] Data)> read = await ReadAsync(archive);

        Assert.Equal([("one", 99u, 0u), ("two", 77u, 88u)], read.Select(m => (m.Member.Name.ToString(), m.Member.UserId, m.Member.GroupId)));
    }

    [Fact]
    public async Task Headers_without_bounds_are_refused_before_they_are_read()
    {
        Assert.EndsWith("a header of 2097152 bytes is longer than 1048576", (await Assert.ThrowsAsync<TreeFileException>(
            () => ReadAsync(Header("x", 'x', 2 << 20)))).Message, StringComparison.Ordinal);
        Assert.EndsWith("a header of 70000 bytes is longer than 65536", (await Assert.ThrowsAsync<TreeFileException>(
            () => ReadAsync(Header("x", 'L', 70_000)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Binary_numbers_of_GNU_are_read()
    {
        byte[] header = Header("big", '5');
        new byte[] { 0x80, 0, 0, 0, 0, 0x20, 0, 0 }.CopyTo(header, 108);
        new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe }.CopyTo(header, 136);
        Seal(header);

        TarMember member = Assert.Single(await ReadAsync([.. header, .. new byte[1024]])).Member;

        Assert.Equal((0x200000u, -2L), (member.UserId, member.Modified.Seconds));
        new byte[] { 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }.CopyTo(header, 124);
        Seal(header);
        Assert.EndsWith("its size is no number of 0 or more", (await Assert.ThrowsAsync<TreeFileException>(() => ReadAsync(header))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", 1, 0u)]
    [InlineData("1.5", 1, 500_000_000u)]
    [InlineData("1.0000000019", 1, 1u)]
    [InlineData("-1.25", -2, 750_000_000u)]
    [InlineData("-0.5", -1, 500_000_000u)]
    [InlineData("1.", 1, 0u)]
    public void Times_of_pax_are_read(string text, long seconds, uint nanoseconds)
    {
        Assert.True(PaxRecords.TryTime(Encoding.UTF8.GetBytes(text), out FileTime time));
        Assert.Equal(new FileTime(seconds, nanoseconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2.3")]
    [InlineData("1e5")]
    [InlineData("1.-5")]
    [InlineData("9999999999999999")]
    public void Times_that_are_none_are_refused(string text) => Assert.False(PaxRecords.TryTime(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("./a//b/.", "a/b")]
    [InlineData("a/", "a")]
    [InlineData(".", "")]
    [InlineData("./", "")]
    [InlineData("...", "...")]
    [InlineData("..a/b..", "..a/b..")]
    public void Entry_paths_are_cleaned(string path, string clean) => Assert.Equal(clean, EntryPath.Join(EntryPath.Parts(path, path)).ToString());

    [Theory]
    [InlineData("/a", "archive entry /a is not allowed: its name or link target is absolute")]
    [InlineData("..", "archive entry .. is not allowed: its name or link target leads upwards with '..'")]
    [InlineData("a/../../b", "archive entry a/../../b is not allowed: its name or link target leads upwards with '..'")]
    [InlineData("a/..", "archive entry a/.. is not allowed: its name or link target leads upwards with '..'")]
    public void Entry_paths_that_lead_out_are_refused(string path, string message)
    {
        TreeFileException refused = Assert.Throws<TreeFileException>(() => EntryPath.Parts(path, path));
        Assert.Equal((TreeFailure.NotAllowed, message, path), (refused.Failure, refused.Message, refused.Entry));
    }

    private static TarMember Member(TarKind kind, KernelPath name) => new()
    {
        Kind = kind, Name = name, Mode = 0x1A4, UserId = 1, GroupId = 2, Modified = new FileTime(5, 0),
    };

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static async Task<byte[]> WriteAsync(IEnumerable<(TarMember Member, byte[] Data)> members)
    {
        using var archive = new MemoryStream();
        var output = new TarOutput(archive, default);
        foreach ((TarMember member, byte[] data) in members)
        {
            await output.MemberAsync(member);
            for (int done = 0; done < data.Length;)
            {
                Memory<byte> space = await output.SpaceAsync();
                int count = Math.Min(space.Length, data.Length - done);
                data.AsMemory(done, count).CopyTo(space);
                output.Advance(count);
                done += count;
            }

            await output.PadAsync(member.Size);
        }

        await output.EndAsync();
        return archive.ToArray();
    }

    private static async Task<List<(TarMember Member, byte[] Data)>> ReadAsync(byte[] archive)
    {
        var input = new TarInput(new DribblingStream(archive), default);
        var members = new List<(TarMember, byte[])>();
        while (await input.NextAsync() is TarMember member)
        {
            using var data = new MemoryStream();
            while (await input.DataAsync() is { IsEmpty: false } piece)
            {
                data.Write(piece.Span);
            }

            members.Add((member, data.ToArray()));
        }

        await input.DrainAsync();
        return members;
    }

    private static byte[] Header(string name, char type, long size = 0)
    {
        byte[] block = new byte[512];
        TarBlock.Write(block, (byte)type, Encoding.UTF8.GetBytes(name), [], new TarNumbers(0x1A4, 0, 0, size, 0));
        return block;
    }

    private static byte[] Padded(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. bytes, .. new byte[TarBlock.Padding(bytes.Length)]];
    }

    private static void Seal(Span<byte> block)
    {
        block[148..156].Fill((byte)' ');
        int sum = 0;
        foreach (byte b in block)
        {
            sum += b;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(block[148..]);
    }

    // A few bytes at a time, as a network may give them.
    private sealed class DribblingStream(byte[] bytes) : MemoryStream(bytes)
    {
        private int _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (_next++ * 97 % 700))], cancellationToken);
    }
}
