using System.Buffers.Binary;

namespace Sleigh.Linux.Tests;

public sealed class BtrfsChangesTests
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

        Assert.Equal(["upper/a\xFF"u8.ToArray(), "upper/b"u8.ToArray()], BtrfsChanges.ParsePaths(container)!.Select(path => path.Bytes.ToArray()));

        BinaryPrimitives.WriteUInt32LittleEndian(container.AsSpan(12), 1);
        Assert.Null(BtrfsChanges.ParsePaths(container));
    }
}
