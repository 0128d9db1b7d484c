using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Sleigh.Api.Errors;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;

namespace Sleigh.Api.Attach;

/// <summary>
/// The client's frames, carried out in their order. While the command does not read its input, nothing more is read from the client.
/// </summary>
internal sealed class AttachInput(IExecs execs, Exec exec, Stream stream)
{
    private const int LastSignal = 64;

    private readonly PipeReader _reader = PipeReader.Create(
        stream, new StreamPipeReaderOptions(bufferSize: AttachFrame.MaxPayload + AttachFrame.HeaderBytes, leaveOpen: true));

    /// <summary>Runs until the client has gone.</summary>
    /// <exception cref="ApiException">A frame that makes no sense, or that the exec cannot take.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
        }
        finally
        {
            await _reader.CompleteAsync();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await _reader.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (AttachFrame.TryRead(ref rest, out byte type, out ReadOnlySequence<byte> payload))
            {
                await HandleAsync(type, payload, cancellationToken);
            }

            _reader.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task HandleAsync(byte type, ReadOnlySequence<byte> payload, CancellationToken cancellationToken)
    {
        switch (type)
        {
            case AttachFrame.Input when exec.Input == LiveInput.None:
                throw (ApiErrors.Invalid("frame", "of type 0: this command takes no input") with
                {
                    Hint = "start it with terminal or stdin_stream",
                }).Exception();
            case AttachFrame.Input:
                foreach (ReadOnlyMemory<byte> piece in payload)
                {
                    // Nobody reads it any more: as a pipe without a reader, and the end will tell.
                    await execs.WriteInputAsync(exec.Id, piece, cancellationToken);
                }

                break;
            case AttachFrame.Resize:
                await execs.ResizeAsync(exec.Id, SizeOf(payload), cancellationToken);
                break;
            case AttachFrame.EndOfInput:
                await execs.EndInputAsync(exec.Id, cancellationToken);
                break;
            default:
                int signal = payload.FirstSpan[0];
                if (signal is < 1 or > LastSignal)
                {
                    throw ApiErrors.Invalid("frame", $"of type 3 names signal {signal}; there are 1 to {LastSignal}").Exception();
                }

                await execs.SignalAsync(exec.Id, signal, cancellationToken);
                break;
        }
    }

    private static TerminalSize SizeOf(ReadOnlySequence<byte> payload)
    {
        Span<byte> bytes = stackalloc byte[4];
        payload.CopyTo(bytes);
        return new TerminalSize(BinaryPrimitives.ReadUInt16BigEndian(bytes), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
    }
}
