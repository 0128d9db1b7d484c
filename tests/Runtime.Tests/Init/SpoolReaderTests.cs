using Sleigh.Runtime.Init;

namespace Sleigh.Runtime.Tests.Init;

public sealed class SpoolReaderTests : IDisposable
{
    private const int Cap = 1000;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Cap - 1)]
    [InlineData(Cap)]
    [InlineData(Cap + 1)]
    [InlineData(Cap + SpoolReader.RingSize - 1)]
    [InlineData(Cap + SpoolReader.RingSize)]
    [InlineData(Cap + SpoolReader.RingSize + 1)]
    [InlineData(Cap + (3 * SpoolReader.RingSize) + 777)]
    public void The_tail_is_the_last_bytes_of_everything(int total)
    {
        byte[] all = Write(total);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);

        foreach (int wanted in (int[])[0, 1, 12_016, SpoolReader.RingSize])
        {
            Assert.Equal(all[Math.Max(0, total - wanted)..], reader.ReadTail(wanted, total));
        }
    }

    [Theory]
    [InlineData(0, 500, 0, 500)]
    [InlineData(500, 500, 500, 0)]
    [InlineData(900, 500, 900, 0)]
    [InlineData(0, 5000, 0, 1000)]
    [InlineData(999, 5000, 999, 1)]
    [InlineData(1000, 5000, 1000, 4000)]
    [InlineData(4999, 5000, 4999, 1)]
    [InlineData(1000, 1000 + 65_536 - 16_384, 1000, 40_000)]
    // What sleigh-init may be writing at this moment, 16 KiB, counts as overwritten.
    [InlineData(1000, 1000 + 65_536 - 16_384 + 7, 1007, 40_000)]
    [InlineData(140_000, 200_000, 200_000 - 65_536 + 16_384, 40_000)]
    [InlineData(190_000, 200_000, 190_000, 10_000)]
    public void Reading_on_goes_beyond_the_cap_as_long_as_nothing_was_overwritten(int offset, int total, int first, int length)
    {
        byte[] all = Write(total);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);

        (long from, byte[] data) = reader.ReadLive(offset, 40_000, () => total);

        Assert.Equal((first, length), ((int)from, data.Length));
        Assert.Equal(all.Skip((int)from).Take(data.Length), data);
    }

    [Fact]
    public void What_is_overwritten_while_it_is_read_is_left_out()
    {
        byte[] all = Write(60_000);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);
        int asked = 0;

        (long from, byte[] data) = reader.ReadLive(2000, 5000, () => ++asked % 2 == 1 ? 50_000 : 53_000);

        Assert.Equal(53_000 + 16_384 - 65_536, from);
        Assert.Equal(all.Skip((int)from).Take(data.Length), data);
    }

    [Fact]
    public void Behind_the_ring_a_tail_is_no_longer_than_the_ring()
    {
        const int Total = Cap + SpoolReader.RingSize + 5;
        byte[] all = Write(Total);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);

        Assert.Equal(all[^SpoolReader.RingSize..], reader.ReadTail(int.MaxValue, Total));
    }

    [Theory]
    [InlineData(0, 500, 500, 500)]
    [InlineData(0, 5000, 2000, 1000)]
    [InlineData(400, 500, 200, 100)]
    [InlineData(990, 5000, 20, 10)]
    [InlineData(1000, 5000, 20, 0)]
    [InlineData(70_000, 500, 20, 0)]
    public void Reading_by_offset_ends_at_the_cap(int offset, int total, int wanted, int expected)
    {
        byte[] all = Write(total);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);
        byte[] buffer = new byte[wanted];

        Assert.Equal(expected, reader.Read(offset, total, buffer));
        Assert.Equal(all.Skip(offset).Take(expected), buffer.Take(expected));
        Assert.Equal(Math.Min(total, Cap), reader.Stored(total));
    }

    [Fact]
    public void Bytes_the_disk_did_not_take_read_as_zeros()
    {
        File.WriteAllBytes(_path, [1, 2, 3]);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);

        Assert.Equal([1, 2, 3, 0, 0], reader.ReadTail(10, 5));
        byte[] buffer = [9, 9, 9, 9, 9, 9];
        Assert.Equal(5, reader.Read(0, 5, buffer));
        Assert.Equal([1, 2, 3, 0, 0, 9], buffer);
    }

    [Fact]
    public void A_live_tail_leaves_out_what_was_overwritten_while_it_was_read()
    {
        const int Before = Cap + (2 * SpoolReader.RingSize);
        const int After = Before + 40_000;
        byte[] all = Write(After);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);
        Queue<long> totals = new([Before, After, Before, After, Before, After, Before, After, Before, After]);

        (byte[] tail, long total) = reader.ReadLiveTail(49_152, totals.Dequeue);

        Assert.Equal(Before, total);
        Assert.Equal(Before - (After + InitProtocol.RingChunk - SpoolReader.RingSize), tail.Length);
        Assert.Equal(all[(Before - tail.Length)..Before], tail);
    }

    [Fact]
    public void A_live_tail_of_a_quiet_command_is_whole()
    {
        byte[] all = Write(Cap + 70_000);
        using SpoolReader reader = SpoolReader.Open(_path, Cap);

        (byte[] tail, long total) = reader.ReadLiveTail(12_016, () => all.Length);

        Assert.Equal(all.Length, total);
        Assert.Equal(all[^12_016..], tail);
    }

    private byte[] Write(int total)
    {
        byte[] all = new byte[total];
        new Random(total).NextBytes(all);
        using FileStream file = File.Create(_path);
        file.Write(all, 0, Math.Min(total, Cap));
        for (int p = Cap; p < total; p++)
        {
            file.Position = Cap + ((p - Cap) % SpoolReader.RingSize);
            file.WriteByte(all[p]);
        }

        return all;
    }
}
