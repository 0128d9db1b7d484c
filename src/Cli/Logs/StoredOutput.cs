using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Logs;

/// <summary>One output stream of an exec as the daemon has kept it.</summary>
internal sealed class StoredOutput
{
    private const int PieceBytes = 256 * 1024;

    private readonly SleighClient _client;
    private readonly string _path;
    private readonly string _stream;

    /// <param name="client">The daemon.</param>
    /// <param name="exec">The exec, with <c>id</c> and <c>sandbox_id</c>.</param>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    public StoredOutput(SleighClient client, JsonObject exec, string stream)
    {
        _client = client;
        _path = $"/sandboxes/{exec.Text("sandbox_id")}/exec/{exec.Text("id")}/output";
        _stream = stream;
    }

    /// <summary>How many bytes are kept now.</summary>
    public async Task<long> LengthAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(0, 1, cancellationToken)).Answer.Number("stored_bytes") ?? 0;

    /// <summary>Where the last <paramref name="lines"/> lines begin. A last line without an end counts as one.</summary>
    public async Task<long> TailAsync(long lines, CancellationToken cancellationToken)
    {
        long end = await LengthAsync(cancellationToken);
        if (lines == 0)
        {
            return end;
        }

        long seen = 0;
        for (long stop = end; stop > 0;)
        {
            long start = Math.Max(0, stop - PieceBytes);
            byte[] piece = (await ReadAsync(start, (int)(stop - start), cancellationToken)).Data;
            for (int i = piece.Length - 1; i >= 0; i--)
            {
                // The line feed at the very end closes the last line and begins none.
                if (piece[i] == '\n' && start + i != end - 1 && ++seen == lines)
                {
                    return start + i + 1;
                }
            }

            stop = start;
        }

        return 0;
    }

    /// <summary>Writes what is kept from <paramref name="offset"/> on.</summary>
    /// <returns>The offset behind the last byte.</returns>
    public async Task<long> CopyAsync(long offset, Stream target, CancellationToken cancellationToken)
    {
        while (true)
        {
            byte[] data = (await ReadAsync(offset, PieceBytes, cancellationToken)).Data;
            if (data.Length == 0)
            {
                return offset;
            }

            await target.WriteAsync(data, cancellationToken);
            await target.FlushAsync(cancellationToken);
            offset += data.Length;
        }
    }

    private async Task<(JsonObject Answer, byte[] Data)> ReadAsync(long offset, int limit, CancellationToken cancellationToken)
    {
        JsonObject answer = await _client.GetAsync(
            $"{_path}?stream={_stream}&offset={offset}&limit={limit}&encoding=base64", cancellationToken);
        return (answer, Convert.FromBase64String(answer.Text("data") ?? ""));
    }
}
