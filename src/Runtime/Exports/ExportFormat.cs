namespace Sleigh.Runtime;

/// <summary>What a snapshot is exported as.</summary>
public enum ExportFormat
{
    /// <summary>An OCI image in a tar, which is a docker archive too; the layer compressed with gzip.</summary>
    OciGzip,

    /// <summary>The same, the layer compressed with zstd: docker before 23 does not load it.</summary>
    OciZstd,

    /// <summary>All files as one tar compressed with zstd.</summary>
    TarZstd,
}
