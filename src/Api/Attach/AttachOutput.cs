using System.Globalization;
using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Attach;

/// <summary>The frames to the client: output as it comes, and last the result.</summary>
internal sealed class AttachOutput(IExecs execs, ExecId exec, ExecChanges changes, Stream stream, OutputStreamQuery from)
{
    private readonly byte[] _frame = new byte[AttachFrame.HeaderBytes + AttachFrame.MaxPayload];
    private long _stdout = from.StdoutOffset;
    private long _stderr = from.StderrOffset;

    /// <summary>Runs until the result has been sent.</summary>
    /// <param name="leave">Ends the waiting, between two frames.</param>
    /// <param name="gone">Cuts a frame off that the client does not take.</param>
    /// <exception cref="ApiException">Output was lost, because more came than is kept and the client read too slowly.</exception>
    public async Task RunAsync(CancellationToken leave, CancellationToken gone)
    {
        while (true)
        {
            leave.ThrowIfCancellationRequested();
            (_stdout, bool sentOut, bool endOfOut) = await AdvanceAsync(ExecStream.Stdout, _stdout, gone);
            (_stderr, bool sentErr, bool endOfErr) = await AdvanceAsync(ExecStream.Stderr, _stderr, gone);
            if (endOfOut && endOfErr)
            {
                await SendExitAsync(gone);
                return;
            }

            if (!sentOut && !sentErr)
            {
                await changes.NextAsync().WaitAsync(leave);
            }
        }
    }

    /// <summary>Sends the error that ends the channel.</summary>
    public Task SendErrorAsync(ApiError error, string requestId, CancellationToken gone) =>
        SendJsonAsync(AttachFrame.Error, json => ErrorReply.Write(json, error, requestId), gone);

    private async Task<(long Offset, bool Sent, bool AtEnd)> AdvanceAsync(ExecStream which, long offset, CancellationToken gone)
    {
        OutputPiece piece;
        try
        {
            piece = execs.ReadLive(exec, which, offset, AttachFrame.MaxPayload);
        }
        catch (RuntimeException removed) when (removed.Kind == ErrorKind.NotFound)
        {
            return (offset, false, true);
        }

        if (piece.Offset > offset)
        {
            string name = which == ExecStream.Stdout ? "stdout" : "stderr";
            throw new ApiError(409, "output_lost", string.Create(CultureInfo.InvariantCulture,
                $"{piece.Offset - offset} bytes of {name} were overwritten before they could be sent: more was written than is kept"))
            {
                Hint = "attach again at next_offset, or raise exec.spool_max_bytes",
                Details = new Dictionary<string, object> { ["stream"] = name, ["offset"] = offset, ["next_offset"] = piece.Offset },
            }.Exception();
        }

        if (piece.Data.Length == 0)
        {
            return (offset, false, piece.IsFinal);
        }

        await SendAsync(which == ExecStream.Stdout ? AttachFrame.Stdout : AttachFrame.Stderr, piece.Data, gone);
        return (offset + piece.Data.Length, true, false);
    }

    private Task SendExitAsync(CancellationToken gone)
    {
        ExecResult result = execs.Read(exec);
        byte[] text = JsonText.ToArray(json => ExecView.Write(json, result));
        // Escapes can make the tails longer than a frame; their bytes have been sent before.
        return text.Length <= AttachFrame.MaxPayload
            ? SendAsync(AttachFrame.Exit, text, gone)
            : SendJsonAsync(AttachFrame.Exit, json => ExecView.Write(json, result with { Stdout = "", Stderr = "" }), gone);
    }

    private Task SendJsonAsync(byte type, Action<Utf8JsonWriter> write, CancellationToken gone) => SendAsync(type, JsonText.ToArray(write), gone);

    private async Task SendAsync(byte type, ReadOnlyMemory<byte> payload, CancellationToken gone)
    {
        AttachFrame.WriteHeader(_frame, type, payload.Length);
        payload.CopyTo(_frame.AsMemory(AttachFrame.HeaderBytes));
        await stream.WriteAsync(_frame.AsMemory(0, AttachFrame.HeaderBytes + payload.Length), gone);
    }
}
