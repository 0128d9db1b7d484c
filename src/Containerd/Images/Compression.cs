namespace Sleigh.Containerd;

/// <summary>How bytes are compressed.</summary>
internal enum Compression
{
    None,
    Gzip,
    Zstd,

    /// <summary>A form that container tools do not write: bzip2 or xz.</summary>
    Unsupported,
}

/// <summary>Tells compression by the first bytes.</summary>
internal static class CompressionMagic
{
    /// <summary>Bytes needed to tell.</summary>
    public const int Length = 6;

    public static Compression Of(ReadOnlySpan<byte> first) =>
        first.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) ? Compression.Gzip
        : first.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) ? Compression.Zstd
        : first.StartsWith("BZh"u8) || first.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? Compression.Unsupported
        : Compression.None;
}
