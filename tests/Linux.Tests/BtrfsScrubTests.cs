using System.Buffers.Binary;

namespace Sleigh.Linux.Tests;

public sealed class BtrfsScrubTests
{
    [Fact]
    public void Figures_are_taken_from_their_places_in_the_kernels_structure()
    {
        // struct btrfs_scrub_progress: extents of data and trees, bytes of both, errors of reading, checksums and metadata, blocks without checksum,
        // discarded checksums, errors of superblocks and of memory, not corrected, corrected, last place, not verified.
        byte[] progress = new byte[15 * sizeof(ulong)];
        for (int i = 0; i < 15; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(progress.AsSpan(i * sizeof(ulong)), 1UL << i);
        }

        BtrfsScrubCount count = BtrfsScrub.Parse(progress);

        Assert.Equal((12, 16, 32, 64), (count.Bytes, count.ReadErrors, count.ChecksumErrors, count.MetadataErrors));
        Assert.Equal((512, 2048, 4096), (count.SuperErrors, count.Uncorrectable, count.Corrected));
        Assert.Equal(16 + 32 + 64 + 512, count.Errors);
    }

    [Fact]
    public void Parts_add_up_but_superblocks_are_looked_at_by_each()
    {
        BtrfsScrubCount one = new() { Bytes = 1, ReadErrors = 2, ChecksumErrors = 3, MetadataErrors = 4, SuperErrors = 1, Uncorrectable = 6, Corrected = 7 };
        BtrfsScrubCount other = one with { SuperErrors = 2 };

        Assert.Equal(
            new BtrfsScrubCount { Bytes = 2, ReadErrors = 4, ChecksumErrors = 6, MetadataErrors = 8, SuperErrors = 2, Uncorrectable = 12, Corrected = 14 },
            one + other);
    }
}
