using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>Takes messages out of a response body, one after the other.</summary>
internal sealed class GrpcFrameReader
{
    private readonly Stream _body;
    private readonly int _maxLength;
    private readonly byte[] _header = new byte[GrpcFrame.HeaderSize];
    private byte[] _message = [];

    public GrpcFrameReader(Stream body, int maxLength)
    {
        _body = body;
        _maxLength = maxLength;
    }

    /// <summary>The next message, or null at the end of the body.</summary>
    /// <exception cref="InvalidDataException">The body is not made of whole, plain messages within the limit.</exception>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        int got = await _body.ReadAtLeastAsync(_header, GrpcFrame.HeaderSize, throwOnEndOfStream: false, cancellationToken);
        if (got == 0)
        {
            return null;
        }

        int length = GrpcFrame.ReadLength(_header.AsSpan(0, got), _maxLength);
        if (_message.Length < length)
        {
            _message = new byte[Math.Max(length, 1024)];
        }

        int filled = await _body.ReadAtLeastAsync(_message.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken);
        if (filled < length)
        {
            throw new InvalidDataException($"a message of {length} bytes ends after {filled}");
        }

        try
        {
            return parser.ParseFrom(_message, 0, length);
        }
        catch (InvalidProtocolBufferException ex)
        {
            throw new InvalidDataException($"a message of {length} bytes is not valid: {ex.Message}", ex);
        }
    }
}
