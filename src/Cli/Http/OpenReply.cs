namespace Sleigh.Cli.Http;

/// <summary>
/// A reply whose head has come; its body is read from this stream as it comes. After <c>101 Switching Protocols</c> it is the connection
/// itself, both ways. Closing it closes the connection.
/// </summary>
internal sealed class OpenReply : ReadStream
{
    private readonly HttpConnection _connection;
    private readonly Stream _body;
    private readonly Func<IOException, Exception> _lost;

    public OpenReply(HttpConnection connection, HttpHead head, Stream body, Func<IOException, Exception> lost)
    {
        _connection = connection;
        Head = head;
        _body = body;
        _lost = lost;
    }

    /// <summary>Status and headers.</summary>
    public HttpHead Head { get; }

    public override bool CanWrite => Head.Status == 101;

    /// <exception cref="LostConnectionException">The connection broke before the body was complete.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _body.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException ex)
        {
            throw _lost(ex);
        }
    }

    /// <exception cref="LostConnectionException">The connection broke.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _connection.WriteRawAsync(buffer, cancellationToken);
        }
        catch (IOException ex)
        {
            throw _lost(ex);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _connection.Dispose();
        }

        base.Dispose(disposing);
    }
}
