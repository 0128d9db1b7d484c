namespace Sleigh.Linux;

/// <summary>What a check of a btrfs has read and found.</summary>
public readonly record struct BtrfsScrubCount
{
    /// <summary>Bytes of data and metadata that were read.</summary>
    public long Bytes { get; init; }

    /// <summary>Blocks that the disk did not give.</summary>
    public long ReadErrors { get; init; }

    /// <summary>Blocks that differ from their checksum.</summary>
    public long ChecksumErrors { get; init; }

    /// <summary>Blocks of metadata that are not what they should be.</summary>
    public long MetadataErrors { get; init; }

    /// <summary>Copies of the superblock that are wrong.</summary>
    public long SuperErrors { get; init; }

    /// <summary>Errors that stay; what lies there is lost.</summary>
    public long Uncorrectable { get; init; }

    /// <summary>Errors that were mended from another copy.</summary>
    public long Corrected { get; init; }

    /// <summary>All errors.</summary>
    public long Errors => ReadErrors + ChecksumErrors + MetadataErrors + SuperErrors;

    /// <summary>Two parts of one check together. Each part looks at the superblocks anew.</summary>
    public static BtrfsScrubCount operator +(BtrfsScrubCount a, BtrfsScrubCount b) => Add(a, b);

    /// <inheritdoc cref="op_Addition"/>
    public static BtrfsScrubCount Add(BtrfsScrubCount a, BtrfsScrubCount b) => new()
    {
        Bytes = a.Bytes + b.Bytes,
        ReadErrors = a.ReadErrors + b.ReadErrors,
        ChecksumErrors = a.ChecksumErrors + b.ChecksumErrors,
        MetadataErrors = a.MetadataErrors + b.MetadataErrors,
        SuperErrors = Math.Max(a.SuperErrors, b.SuperErrors),
        Uncorrectable = a.Uncorrectable + b.Uncorrectable,
        Corrected = a.Corrected + b.Corrected,
    };
}

/// <summary>A piece of a disk that a btrfs uses (a device extent).</summary>
/// <param name="Device">The disk's number in the filesystem, from 1.</param>
/// <param name="Start">Where it begins, in bytes.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct BtrfsPlace(ulong Device, ulong Start, long Length);
