namespace Sleigh.Containerd;

/// <summary>A stream whose first bytes were looked at and are given again.</summary>
internal sealed class PrefixedStream : ReadOnlyStream
{
    private readonly Stream _rest;
    private ReadOnlyMemory<byte> _first;

    private PrefixedStream(ReadOnlyMemory<byte> first, Stream rest)
    {
        _first = first;
        _rest = rest;
        First = first;
    }

    /// <summary>The bytes that were looked at; fewer than asked for where the stream is shorter.</summary>
    public ReadOnlyMemory<byte> First { get; }

    public static async Task<PrefixedStream> PeekAsync(Stream stream, int count, CancellationToken cancellationToken)
    {
        byte[] first = new byte[count];
        int read = await stream.ReadAtLeastAsync(first, count, throwOnEndOfStream: false, cancellationToken);
        return new PrefixedStream(first.AsMemory(0, read), stream);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_first.Length == 0)
        {
            return _rest.ReadAsync(buffer, cancellationToken);
        }

        int count = Math.Min(buffer.Length, _first.Length);
        _first[..count].CopyTo(buffer);
        _first = _first[count..];
        return ValueTask.FromResult(count);
    }
}
