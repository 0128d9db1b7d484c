using System.Text;

namespace Sleigh.Cli.Http;

/// <summary>One event of a stream.</summary>
/// <param name="Type">The word after <c>event:</c>; empty for a comment, which a server sends to keep the connection alive.</param>
/// <param name="Id">The last <c>id:</c> seen, or null.</param>
/// <param name="Data">The text after <c>data:</c>, several lines joined with line feeds.</param>
internal sealed record ServerEvent(string Type, string? Id, string Data)
{
    /// <summary>True for a comment.</summary>
    public bool IsKeepAlive => Type.Length == 0;
}

/// <summary>Reads <c>text/event-stream</c>.</summary>
internal sealed class ServerEvents : IDisposable
{
    private const int MaxEventBytes = 8 * 1024 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly MemoryStream _line = new();
    private int _start;
    private int _end;
    private string? _id;

    public ServerEvents(Stream stream) => _stream = stream;

    /// <summary>The next event or comment; null at the end of the stream. What stands before a cut is dropped.</summary>
    public async Task<ServerEvent?> NextAsync(CancellationToken cancellationToken)
    {
        string type = "message";
        StringBuilder? data = null;
        while (await ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                {
                    return new ServerEvent(type, _id, data.ToString());
                }

                type = "message";
                continue;
            }

            if (line[0] == ':')
            {
                if (data is null)
                {
                    return new ServerEvent("", _id, line[1..].Trim());
                }

                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon];
            string value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (field)
            {
                case "event":
                    type = value;
                    break;
                case "id":
                    _id = value;
                    break;
                case "data" when data is null:
                    data = new StringBuilder(value);
                    break;
                case "data":
                    data.Append('\n').Append(value);
                    break;
            }
        }

        return null;
    }

    public void Dispose() => _line.Dispose();

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int newLine = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            int stop = newLine < 0 ? _end : newLine;
            _line.Write(_buffer, _start, stop - _start);
            _start = newLine < 0 ? stop : stop + 1;
            if (newLine >= 0)
            {
                string line = Encoding.UTF8.GetString(_line.GetBuffer(), 0, (int)_line.Length).TrimEnd('\r');
                _line.SetLength(0);
                return line;
            }

            if (_line.Length > MaxEventBytes)
            {
                throw new CliException(ExitCode.Failure, $"an event of the daemon is longer than {MaxEventBytes} bytes");
            }

            _start = 0;
            _end = await _stream.ReadAsync(_buffer, cancellationToken);
            if (_end == 0)
            {
                return null;
            }
        }
    }
}
