using System.Globalization;
using System.Text;
using Sleigh.Api.Requests;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Streams;

/// <summary>Endpoint 34: the output of one exec as events, first what is stored, then what comes, and last its result.</summary>
internal sealed class ExecOutputEvents(IExecs execs, ExecId exec, OutputStreamQuery query, ExecChanges changes, ServerSentEvents events)
{
    // As text twice that size: it stays out of the heap for large objects.
    private const int PieceBytes = 32 * 1024;

    private readonly Source _stdout = new(ExecStream.Stdout, "stdout", query.StdoutOffset);
    private readonly Source _stderr = new(ExecStream.Stderr, "stderr", query.StderrOffset);

    // The position of both streams; events that come with it never repeat what lies before.
    private string EventId => string.Create(CultureInfo.InvariantCulture, $"{_stdout.Offset}.{_stderr.Offset}");

    /// <summary>Sends until the exec is final and everything stored has been sent.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Progress stdout = await AdvanceAsync(_stdout, cancellationToken);
            Progress stderr = await AdvanceAsync(_stderr, cancellationToken);
            if (stdout == Progress.AtEnd && stderr == Progress.AtEnd)
            {
                ExecResult result = execs.Read(exec);
                await events.SendAsync(EventId, "exit", json => ExecView.Write(json, result), cancellationToken);
                return;
            }

            if (stdout != Progress.Sent && stderr != Progress.Sent)
            {
                await events.WaitAsync(changes.NextAsync(), cancellationToken);
            }
        }
    }

    private async Task<Progress> AdvanceAsync(Source source, CancellationToken cancellationToken)
    {
        if (Read(source) is not { } piece)
        {
            return Progress.AtEnd;
        }

        bool truncated = piece.TotalBytes > piece.StoredBytes;
        // Of a full spool nothing more comes, so half a character at its end is all there is of it.
        int length = query.Base64 ? piece.Data.Length : OutputView.WholeCharacters(piece with { IsFinal = piece.IsFinal || truncated });
        if (length > 0)
        {
            long offset = source.Offset;
            source.Offset += length;
            await events.SendAsync(EventId, source.Name, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("offset", offset);
                json.WriteNumber("next_offset", source.Offset);
                if (query.Base64)
                {
                    json.WriteBase64String("data", piece.Data.Span[..length]);
                }
                else
                {
                    json.WriteString("data", Encoding.UTF8.GetString(piece.Data.Span[..length]));
                }

                json.WriteEndObject();
            }, cancellationToken);
        }

        bool all = source.Offset >= piece.StoredBytes;
        if (truncated && all && !source.SaidTruncated)
        {
            source.SaidTruncated = true;
            await events.SendAsync(EventId, "truncated", json =>
            {
                json.WriteStartObject();
                json.WriteString("stream", source.Name);
                json.WriteNumber("stored_bytes", piece.StoredBytes);
                json.WriteEndObject();
            }, cancellationToken);
        }

        return piece.IsFinal && all ? Progress.AtEnd : length > 0 ? Progress.Sent : Progress.Nothing;
    }

    /// <summary>Null when the output has been removed, which happens to an exec that is final.</summary>
    private OutputPiece? Read(Source source)
    {
        try
        {
            return execs.ReadOutput(exec, source.Stream, source.Offset, PieceBytes);
        }
        catch (RuntimeException gone) when (gone.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    private enum Progress
    {
        Nothing,
        Sent,
        AtEnd,
    }

    private sealed class Source(ExecStream stream, string name, long offset)
    {
        public ExecStream Stream { get; } = stream;

        public string Name { get; } = name;

        public long Offset { get; set; } = offset;

        public bool SaidTruncated { get; set; }
    }
}
