using System.Globalization;
using System.Text;

namespace Sleigh.Cli.Http;

/// <summary>A stream whose writes go out as chunks (RFC 9112 section 7.1). Small writes are gathered.</summary>
internal sealed class ChunkedBody : Stream
{
    private readonly Stream _connection;
    private readonly byte[] _pending = new byte[64 * 1024];
    private int _count;

    public ChunkedBody(Stream connection) => _connection = connection;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Sends what is left and the closing chunk; without it the server knows that the body was cut off.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await _connection.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_count == 0)
        {
            return;
        }

        string size = string.Create(CultureInfo.InvariantCulture, $"{_count:x}\r\n");
        await _connection.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(size), .. _pending.AsSpan(0, _count), 13, 10], cancellationToken);
        _count = 0;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            int take = Math.Min(buffer.Length, _pending.Length - _count);
            buffer[..take].CopyTo(_pending.AsMemory(_count));
            buffer = buffer[take..];
            _count += take;
            if (_count == _pending.Length)
            {
                await FlushAsync(cancellationToken);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() => FlushAsync(CancellationToken.None).GetAwaiter().GetResult();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
