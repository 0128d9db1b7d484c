using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using ZstdSharp;

namespace Sleigh.Runtime.Exports;

/// <summary>A layer that was written into a file without a name; it is gone when this is disposed.</summary>
internal sealed class SpooledLayer : IDisposable
{
    /// <summary>What zstd itself takes where nobody says: about three times as fast as gzip, and smaller.</summary>
    private const int ZstdLevel = 3;

    private readonly SafeFileHandle _file;

    private SpooledLayer(SafeFileHandle file, string digest, string diffId, long size) =>
        (_file, Digest, DiffId, Size) = (file, digest, diffId, size);

    /// <summary>Of the compressed bytes.</summary>
    public string Digest { get; }

    /// <summary>Of the bytes before compression.</summary>
    public string DiffId { get; }

    /// <summary>Compressed bytes.</summary>
    public long Size { get; }

    /// <summary>A stream that compresses with zstd into another, which stays open.</summary>
    public static Stream Zstd(Stream output) => new CompressionStream(output, ZstdLevel, leaveOpen: true);

    /// <summary>Makes one.</summary>
    /// <param name="spool">Where.</param>
    /// <param name="isZstd">How it is compressed; else with gzip.</param>
    /// <param name="write">Writes the uncompressed bytes.</param>
    /// <exception cref="IOException">The disk is full.</exception>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.DiskFull"/>: it is almost full.</exception>
    public static async Task<SpooledLayer> WriteAsync(ExportSpool spool, bool isZstd, Func<Stream, Task> write)
    {
        SafeFileHandle file = spool.Open();
        bool isDone = false;
        try
        {
            await using var packed = new HashedStream(new SpooledFile(file, spool.CheckRoom));
            string diffId;
            await using (Stream compressed = isZstd ? Zstd(packed) : new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                await using var plain = new HashedStream(compressed);
                await write(plain);
                diffId = plain.Digest();
            }

            isDone = true;
            return new SpooledLayer(file, packed.Digest(), diffId, packed.Length);
        }
        finally
        {
            if (!isDone)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Reads it from its beginning.</summary>
    public Stream Open() => new SpooledFile(_file);

    public void Dispose() => _file.Dispose();
}
