using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Exec;

/// <summary>Copies one output stream of an exec, byte for byte, as far as it has been written. Call it again for what came since.</summary>
internal sealed class OutputCopy
{
    // The most one call may ask for.
    private const int PieceBytes = 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SleighClient _client;
    private readonly string _stream;
    private readonly Stream _target;
    private long _offset;

    /// <param name="client">The daemon.</param>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="target">Where the bytes go.</param>
    public OutputCopy(SleighClient client, string stream, Stream target)
    {
        _client = client;
        _stream = stream;
        _target = target;
    }

    /// <summary>Bytes the command wrote that the daemon did not keep, known once the exec is final.</summary>
    public long Dropped { get; private set; }

    /// <summary>Writes what the command has written since the last call.</summary>
    /// <param name="exec">The exec as the daemon last showed it.</param>
    /// <param name="isFinal">True when no more will come.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    public async Task CatchUpAsync(JsonObject exec, bool isFinal, CancellationToken cancellationToken)
    {
        long written = exec.Number($"{_stream}_bytes") ?? 0;
        if (written <= _offset)
        {
            return;
        }

        if (_offset == 0 && Exact(exec.Text(_stream) ?? "", written) is { } bytes)
        {
            await WriteAsync(bytes, cancellationToken);
            return;
        }

        string path = $"/sandboxes/{exec.Text("sandbox_id")}/exec/{exec.Text("id")}/output";
        while (_offset < written)
        {
            JsonObject piece = await _client.GetAsync(
                $"{path}?stream={_stream}&offset={_offset}&limit={PieceBytes}&encoding=base64", cancellationToken);
            byte[] data = Convert.FromBase64String(piece.Text("data") ?? "");
            if (data.Length == 0)
            {
                break;
            }

            await WriteAsync(data, cancellationToken);
        }

        Dropped = isFinal ? Math.Max(0, written - _offset) : 0;
    }

    // The text in a result is the output itself unless its beginning was cut off or bytes were not UTF-8 (shown as U+FFFD). Cut text never
    // has the right length in bytes by chance and a replacement character may, so that one is looked for.
    private static byte[]? Exact(string text, long written)
    {
        if (text.Contains('\uFFFD', StringComparison.Ordinal) || text.StartsWith("...(truncated ", StringComparison.Ordinal))
        {
            return null;
        }

        byte[] bytes = Strict.GetBytes(text);
        return bytes.Length == written ? bytes : null;
    }

    private async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await _target.WriteAsync(bytes, cancellationToken);
        await _target.FlushAsync(cancellationToken);
        _offset += bytes.Length;
    }
}
