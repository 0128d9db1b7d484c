namespace Sleigh.IntegrationTests;

/// <summary>A block of a pool's file that holds other data than was written, as on a disk that fails.</summary>
internal static class SpoiledBlock
{
    /// <summary>Changes one bit of the block that begins with these bytes.</summary>
    public static void In(string file, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> bytes = content[..512];
        using FileStream pool = new(file, FileMode.Open, FileAccess.ReadWrite);
        byte[] read = new byte[1 << 20];
        for (long offset = 0; offset < pool.Length; offset += read.Length)
        {
            pool.Position = offset;
            pool.ReadExactly(read);
            for (int i = 0; i < read.Length; i += 4096)
            {
                if (read.AsSpan(i, bytes.Length).SequenceEqual(bytes))
                {
                    pool.Position = offset + i;
                    pool.WriteByte((byte)(bytes[0] ^ 1));
                    return;
                }
            }
        }

        Assert.Fail("what was written is not in the pool file");
    }
}
