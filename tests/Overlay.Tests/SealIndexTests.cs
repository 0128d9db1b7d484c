using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class SealIndexTests
{
    private static readonly FileStatus Live = default(FileStatus) with { Inode = 7, ChangeTime = new FileTime(100, 5), Size = 42 };

    [Fact]
    public void Only_the_very_same_state_of_a_file_is_found()
    {
        var index = new SealIndex();
        index.Add(Live, "dir/file");

        Assert.Equal((KernelPath)"dir/file", index.Find(Live));
        Assert.Null(index.Find(Live with { ChangeTime = new FileTime(100, 6) }));
        Assert.Null(index.Find(Live with { Size = 43 }));
        Assert.Null(index.Find(Live with { Inode = 8 }));
    }

    [Fact]
    public void What_is_written_is_read_again_names_that_are_no_text_too()
    {
        var index = new SealIndex();
        KernelPath name = KernelPath.FromBytes([0xff, 0x0a]);
        index.Add(Live, name);
        index.Add(Live with { Inode = 9 }, "other");

        SealIndex read = SealIndex.Read(new MemoryStream(Bytes(index)));

        Assert.Equal((2, (KernelPath?)name), (read.Count, read.Find(Live)));
    }

    [Fact]
    public void A_cut_off_or_strange_index_is_refused()
    {
        var index = new SealIndex();
        index.Add(Live, "file");
        byte[] bytes = Bytes(index);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => SealIndex.Read(new MemoryStream(bytes[..length])));
        }

        bytes[3] ^= 1;
        Assert.Throws<FormatException>(() => SealIndex.Read(new MemoryStream(bytes)));
    }

    private static byte[] Bytes(SealIndex index)
    {
        using var stream = new MemoryStream();
        index.Write(stream);
        return stream.ToArray();
    }
}
