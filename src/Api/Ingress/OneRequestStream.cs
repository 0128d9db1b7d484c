namespace Sleigh.Api.Ingress;

/// <summary>
/// A connection for one request. When it ends before a byte of the answer came, that is an error of a kind after which the HTTP client does not send
/// the request again: by itself it would, up to three times and whatever the method (RequestRetryType in .NET's HttpConnection), and the server
/// may have acted on it.
/// </summary>
internal sealed class OneRequestStream(Stream connection) : Stream
{
    private bool _answered;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count;
        try
        {
            count = await connection.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException broken) when (!_answered)
        {
            throw Unanswered(broken);
        }

        if (count == 0 && buffer.Length > 0 && !_answered)
        {
            throw Unanswered(null);
        }

        _answered |= count > 0;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await connection.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException broken) when (!_answered)
        {
            throw Unanswered(broken);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private static InvalidOperationException Unanswered(IOException? broken) => new("the server closed the connection before it answered", broken);
}
