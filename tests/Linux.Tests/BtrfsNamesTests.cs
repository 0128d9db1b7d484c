using System.Buffers.Binary;

namespace Sleigh.Linux.Tests;

public sealed class BtrfsNamesTests
{
    [Fact]
    public void All_names_of_an_inode_are_read_and_missing_ones_are_told()
    {
        byte[] container = new byte[128];
        BinaryPrimitives.WriteUInt32LittleEndian(container.AsSpan(8), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(container.AsSpan(16), 40);
        BinaryPrimitives.WriteUInt64LittleEndian(container.AsSpan(24), 16);
        "upper/b\0"u8.CopyTo(container.AsSpan(16 + 16));
        "upper/a\xFF\0"u8.CopyTo(container.AsSpan(16 + 40));

        Assert.Equal(["upper/a\xFF"u8.ToArray(), "upper/b"u8.ToArray()], BtrfsNames.ParsePaths(container)!.Select(path => path.Bytes.ToArray()));

        BinaryPrimitives.WriteUInt32LittleEndian(container.AsSpan(12), 1);
        Assert.Null(BtrfsNames.ParsePaths(container));
    }

    [Fact]
    public void References_of_both_kinds_are_read_one_behind_the_other()
    {
        byte[] plain = [.. Number(7), .. Length(1), .. "a"u8, .. Number(8), .. Length(3), .. "b\xFF"u8];
        byte[] extended = [.. Number(300), .. Number(7), .. Length(1), .. "a"u8, .. Number(301), .. Number(8), .. Length(3), .. "bcd"u8];

        Assert.Equal([(256UL, (KernelPath)"a"), (256UL, KernelPath.FromBytes("b\xFF"u8))], BtrfsNames.Parse(256, plain));
        Assert.Equal([(300UL, (KernelPath)"a"), (301UL, (KernelPath)"bcd")], BtrfsNames.ParseExtended(extended));
        Assert.Empty(BtrfsNames.Parse(256, []));

        static byte[] Number(ulong value) => BitConverter.GetBytes(value);
        static byte[] Length(ushort value) => BitConverter.GetBytes(value);
    }

    [Fact]
    public void A_search_goes_on_behind_the_last_key_in_the_order_of_keys()
    {
        Assert.Equal(new BtrfsKey(1, 2, 4), new BtrfsKey(1, 2, 3).Next());
        Assert.Equal(new BtrfsKey(1, 3, 0), new BtrfsKey(1, 2, ulong.MaxValue).Next());
        Assert.Equal(new BtrfsKey(2, 0, 0), new BtrfsKey(1, 255, ulong.MaxValue).Next());
        Assert.Null(new BtrfsKey(ulong.MaxValue, 255, ulong.MaxValue).Next());
        Assert.True(new BtrfsKey(1, 13, 0).CompareTo(new BtrfsKey(1, 12, ulong.MaxValue)) > 0);
    }
}
