using System.IO.Compression;

namespace Sleigh.Containerd;

/// <summary>Reads compressed bytes as plain ones, and refuses to unpack a bomb.</summary>
internal sealed class DecompressedStream : ReadOnlyStream
{
    private readonly string _what;
    private readonly ImageLimits _limits;
    private readonly long _maxBytes;
    private readonly CountedStream _source;
    private readonly Stream _plain;
    private long _out;

    private DecompressedStream(string what, ImageLimits limits, long maxBytes, CountedStream source, Stream plain)
    {
        _what = what;
        _limits = limits;
        _maxBytes = maxBytes;
        _source = source;
        _plain = plain;
    }

    /// <summary>Opens a stream; the source stays the caller's.</summary>
    /// <param name="source">The compressed bytes.</param>
    /// <param name="compression">How they are compressed.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="maxBytes">Plain bytes that it may have.</param>
    public static DecompressedStream Open(Stream source, Compression compression, string what, ImageLimits limits, long maxBytes)
    {
        var counted = new CountedStream(source);
        Stream plain = compression switch
        {
            Compression.Gzip => new GZipStream(counted, CompressionMode.Decompress, leaveOpen: true),
            Compression.Zstd => ZstdStream.Start(counted, what),
            Compression.None => counted,
            _ => throw new ImageException(ImageErrorKind.BrokenArchive, $"{what} is compressed in a way that is not supported; use gzip or zstd"),
        };
        return new DecompressedStream(what, limits, maxBytes, counted, plain);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await _plain.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidDataException ex)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"{_what} cannot be uncompressed: {ex.Message}", ex);
        }

        _out += read;
        if (_out > _maxBytes)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"{_what} unpacks to more than the limit of {_maxBytes} bytes");
        }

        if (_out > _limits.RatioFrom && _out / _limits.MaxRatio > _source.Count)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"{_what} unpacks to more than {_limits.MaxRatio} times its size; that is no ordinary image");
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !ReferenceEquals(_plain, _source))
        {
            _plain.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class CountedStream : ReadOnlyStream
    {
        private readonly Stream _inner;

        public CountedStream(Stream inner)
        {
            _inner = inner;
        }

        public long Count { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await _inner.ReadAsync(buffer, cancellationToken);
            Count += read;
            return read;
        }
    }
}
