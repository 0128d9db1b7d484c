using System.Globalization;
using System.Text;

namespace Sleigh.Cli.Http;

/// <summary>Reads lines, headers and bytes of HTTP/1.1 from a connection, through one buffer.</summary>
internal sealed class HttpReader
{
    private const int MaxHeadBytes = 64 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;

    public HttpReader(Stream stream) => _stream = stream;

    /// <summary>True when all that was received has been taken.</summary>
    public bool IsDrained => _start == _end;

    /// <summary>Some bytes: what is in the buffer, else what the connection gives. 0 is its end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        if (IsDrained)
        {
            return await _stream.ReadAsync(target, cancellationToken);
        }

        int take = Math.Min(target.Length, _end - _start);
        _buffer.AsMemory(_start, take).CopyTo(target);
        _start += take;
        return take;
    }

    /// <summary>A line without its end.</summary>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (IsDrained)
            {
                await FillAsync(cancellationToken);
            }

            int newLine = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            int stop = newLine < 0 ? _end : newLine;
            line.Append(Encoding.Latin1.GetString(_buffer, _start, stop - _start));
            _start = newLine < 0 ? stop : stop + 1;
            if (newLine >= 0)
            {
                return line.ToString().TrimEnd('\r');
            }

            if (line.Length > MaxHeadBytes)
            {
                throw new HttpProtocolException($"a line of the reply is longer than {MaxHeadBytes} bytes");
            }
        }
    }

    /// <summary>The status line and the headers behind it.</summary>
    public async Task<HttpHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        string line = await ReadLineAsync(cancellationToken);
        // "HTTP/1.1 200 OK"; the reason may be missing.
        if (line.Length >= 12 && line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line[8] == ' '
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
        {
            return new HttpHead(status, line[7] == '0', await ReadHeadersAsync(cancellationToken));
        }

        throw new HttpProtocolException($"'{Shorten(line)}' is not an HTTP status line");
    }

    /// <summary>Headers, or the trailers of a chunked body, to the empty line behind them.</summary>
    public async Task<Dictionary<string, string>> ReadHeadersAsync(CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        int bytes = 0;
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            bytes += line.Length;
            if (colon <= 0 || bytes > MaxHeadBytes)
            {
                throw new HttpProtocolException(colon <= 0
                    ? $"'{Shorten(line)}' is not a header" : $"the headers are longer than {MaxHeadBytes} bytes");
            }

            headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }

        return headers;
    }

    /// <summary>A length as a header or a chunk gives it.</summary>
    public static long ParseLength(string text, NumberStyles style) =>
        long.TryParse(text, style, CultureInfo.InvariantCulture, out long value) && value >= 0
            ? value : throw new HttpProtocolException($"'{Shorten(text)}' is not a length");

    /// <summary>The beginning of a text, for a message.</summary>
    public static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    /// <summary>What is said when a connection ends too early.</summary>
    public static EndOfStreamException CutOff() => new("the connection was closed before the reply was complete");

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = 0;
        _end = await _stream.ReadAsync(_buffer, cancellationToken);
        if (_end == 0)
        {
            throw CutOff();
        }
    }
}
