namespace Sleigh.Containerd;

/// <summary>A blob of the content store as a stream of known length, read once from start to end.</summary>
internal sealed class BlobReading : ReadOnlyStream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _parts;
    private readonly Descriptor _blob;
    private ReadOnlyMemory<byte> _part;
    private long _read;

    public BlobReading(IAsyncEnumerable<ReadOnlyMemory<byte>> parts, Descriptor blob) => (_parts, _blob) = (parts.GetAsyncEnumerator(), blob);

    /// <summary>So that whoever writes it into a tar takes the length from here.</summary>
    public override bool CanSeek => true;

    public override long Length => _blob.Size;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <exception cref="ContainerdException">containerd failed, or gave another number of bytes.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_part.IsEmpty)
        {
            if (!await _parts.MoveNextAsync())
            {
                return _read == _blob.Size || buffer.IsEmpty ? 0 : throw WrongSize();
            }

            _part = _parts.Current;
        }

        int count = Math.Min(buffer.Length, _part.Length);
        _part[..count].CopyTo(buffer);
        _part = _part[count..];
        _read += count;
        return _read <= _blob.Size ? count : throw WrongSize();
    }

    public override async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync();
        await base.DisposeAsync();
    }

    private ContainerdException WrongSize() => new(
        ContainerdErrorKind.Internal, $"could not read the blob {_blob.Digest}: it has not the {_blob.Size} bytes that its manifest says");
}
