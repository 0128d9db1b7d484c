namespace Sleigh.Containerd;

/// <summary>A compressed layer in a file, to go on top of an image.</summary>
/// <param name="Digest">Of the file's bytes, as <c>sha256:</c> and 64 hex digits.</param>
/// <param name="DiffId">Of the uncompressed tar, in the same form.</param>
/// <param name="Size">The file's bytes.</param>
/// <param name="Open">Opens the file at its beginning; may be called again.</param>
public sealed record NewLayer(string Digest, string DiffId, long Size, Func<Stream> Open)
{
    /// <summary>Whether it is compressed with zstd; else with gzip.</summary>
    public bool IsZstd { get; init; }

    /// <summary>When what is in it was as it is.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>What made it, for the image's history.</summary>
    public required string CreatedBy { get; init; }

    internal Descriptor Blob => new(MediaTypes.LayerOf(IsZstd ? Compression.Zstd : Compression.Gzip), Digest, Size);
}
