using System.Globalization;

namespace Sleigh.Cli.Http;

/// <summary>
/// The body of a reply, to be read as it comes. Its end is known by a length, by the last chunk (RFC 9112 section 7.1), or, where there is
/// neither, by the end of the connection.
/// </summary>
internal sealed class ReplyBody : ReadStream
{
    private enum Framing
    {
        Length,
        Chunks,
        Connection,
    }

    private readonly HttpReader _reader;
    private readonly Framing _framing;
    private long _left;
    private long _chunk;

    public ReplyBody(HttpReader reader, string method, HttpHead head)
    {
        _reader = reader;
        if (method == "HEAD" || head.Status is 204 or 304)
        {
            // No body follows, whatever the headers say.
            IsComplete = true;
        }
        else if (head.Headers.TryGetValue("Transfer-Encoding", out string? coding))
        {
            _framing = coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? Framing.Chunks : throw new HttpProtocolException($"Transfer-Encoding '{HttpReader.Shorten(coding)}' is not known");
        }
        else if (head.Headers.TryGetValue("Content-Length", out string? length))
        {
            _left = HttpReader.ParseLength(length, NumberStyles.None);
            IsComplete = _left == 0;
        }
        else
        {
            _framing = Framing.Connection;
        }
    }

    /// <summary>True when the whole body has been read.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>True when another reply may follow on the same connection.</summary>
    public bool EndsWithoutConnection => _framing != Framing.Connection;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsComplete || buffer.Length == 0)
        {
            return 0;
        }

        if (_framing == Framing.Connection)
        {
            int got = await _reader.ReadAsync(buffer, cancellationToken);
            IsComplete = got == 0;
            return got;
        }

        if (_left == 0 && !await NextChunkAsync(cancellationToken))
        {
            return 0;
        }

        int read = await _reader.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0)
        {
            throw HttpReader.CutOff();
        }

        _left -= read;
        IsComplete = _left == 0 && _framing == Framing.Length;
        return read;
    }

    private async Task<bool> NextChunkAsync(CancellationToken cancellationToken)
    {
        if (_chunk > 0 && await _reader.ReadLineAsync(cancellationToken) is { Length: > 0 } rest)
        {
            throw new HttpProtocolException($"a chunk of {_chunk} bytes is followed by '{HttpReader.Shorten(rest)}'");
        }

        // A chunk may carry extensions behind a semicolon.
        string line = await _reader.ReadLineAsync(cancellationToken);
        _left = HttpReader.ParseLength(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier);
        _chunk = _left;
        if (_left > 0)
        {
            return true;
        }

        _ = await _reader.ReadHeadersAsync(cancellationToken);
        IsComplete = true;
        return false;
    }
}
