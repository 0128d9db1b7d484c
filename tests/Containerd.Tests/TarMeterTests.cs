using System.Formats.Tar;
using System.Text;

namespace Sleigh.Containerd.Tests;

public sealed class TarMeterTests
{
    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public void Members_and_bytes_are_counted_in_every_form(TarEntryFormat format)
    {
        byte[] tar = Tar(format, ("a", 1), ("d/b", 512), ("d/c", 513), ("empty", 0));

        foreach (int step in new[] { 1, 7, 512, 100_000 })
        {
            var meter = new TarMeter();
            for (int at = 0; at < tar.Length; at += step)
            {
                meter.Feed(tar.AsSpan(at, Math.Min(step, tar.Length - at)));
            }

            meter.Finish();
            Assert.Equal((4, 1026L, true), (meter.Members, meter.Bytes, meter.Ended));
        }
    }

    [Fact]
    public void A_cut_off_tar_is_told()
    {
        byte[] tar = Tar(TarEntryFormat.Ustar, ("a", 1000));
        foreach (int length in new[] { 1, 511, 512, 513, 1500 })
        {
            var meter = new TarMeter();
            meter.Feed(tar.AsSpan(0, length));
            Assert.Equal("it ends in the middle of a member", Assert.Throws<FormatException>(meter.Finish).Message);
        }

        // Without the end mark it is whole all the same.
        var whole = new TarMeter();
        whole.Feed(tar.AsSpan(0, 1536));
        whole.Finish();
        Assert.Equal(1, whole.Members);
    }

    [Fact]
    public void Other_bytes_are_no_tar()
    {
        var meter = new TarMeter();

        Assert.Equal(
            "a member's header has a wrong checksum",
            Assert.Throws<FormatException>(() => meter.Feed(Enumerable.Repeat((byte)'x', 512).ToArray())).Message);
        Assert.False(TarMeter.LooksLikeTar("{}"u8));
        Assert.True(TarMeter.LooksLikeTar(new byte[512]));
        Assert.True(TarMeter.LooksLikeTar(Tar(TarEntryFormat.Gnu, ("a", 1))));
    }

    [Fact]
    public void The_holes_of_a_sparse_file_count()
    {
        var pax = new Dictionary<string, string> { ["GNU.sparse.major"] = "1", ["GNU.sparse.realsize"] = "1099511627776" };
        using var target = new MemoryStream();
        using (var writer = new TarWriter(target, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "a", pax) { DataStream = new MemoryStream(new byte[512]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "b") { DataStream = new MemoryStream(new byte[10]) });
        }

        var meter = new TarMeter();
        meter.Feed(target.ToArray());

        Assert.Equal((2, (1L << 40) + 10), (meter.Members, meter.Bytes));
    }

    [Fact]
    public void Old_gnu_sparse_headers_give_the_real_size()
    {
        byte[] tar = Tar(TarEntryFormat.Gnu, ("a", 512));
        tar[156] = (byte)'S';
        Encoding.ASCII.GetBytes("00077777777\0").CopyTo(tar, 483);
        long sum = 0;
        for (int i = 0; i < 512; i++)
        {
            sum += i is >= 148 and < 156 ? ' ' : tar[i];
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, 148);
        var meter = new TarMeter();
        meter.Feed(tar);

        Assert.Equal((1, 16_777_215L), (meter.Members, meter.Bytes));
    }

    private static byte[] Tar(TarEntryFormat format, params (string Name, int Size)[] files)
    {
        using var target = new MemoryStream();
        using (var writer = new TarWriter(target, format, leaveOpen: true))
        {
            foreach ((string name, int size) in files)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                    TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
                    _ => new PaxTarEntry(TarEntryType.RegularFile, name),
                };
                entry.DataStream = new MemoryStream(new byte[size]);
                writer.WriteEntry(entry);
            }
        }

        return target.ToArray();
    }
}
