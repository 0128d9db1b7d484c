using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sleigh.Linux;
using static Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Runtime.Init;

public sealed partial class InitConnection
{
    private async Task<Reply> AskAsync(uint seq, byte[] frame, SafeHandle[] descriptors, CancellationToken cancellationToken)
    {
        PendingReply pending = new();
        _pending[seq] = pending;
        try
        {
            // Looked at after the entry: whoever closes marks it first and then fails all entries, so none is overlooked.
            if (_closed.Task.IsCompleted)
            {
                throw new InitGoneException(_path, await _closed.Task);
            }

            await _socket.SendAsync(frame, descriptors, cancellationToken);
            return await pending.Completion.Task.WaitAsync(cancellationToken);
        }
        catch (Exception ex) when (ex is KernelException or SocketException or ObjectDisposedException)
        {
            throw new InitGoneException(_path, ex.Message, ex);
        }
        finally
        {
            _pending.TryRemove(seq, out _);
        }
    }

    private async Task ReceiveAsync()
    {
        string reason = await ReceiveAllAsync();
        _closed.TrySetResult(reason);
        _ended.Writer.TryComplete();
        foreach (PendingReply pending in _pending.Values)
        {
            pending.Completion.TrySetException(new InitGoneException(_path, reason));
        }

        _socket.Dispose();
    }

    private async Task<string> ReceiveAllAsync()
    {
        byte[] buffer = new byte[FrameMax];
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveAsync(buffer, _stop.Token);
                if (length == 0)
                {
                    return "it closed the connection";
                }

                if (!Handle(buffer.AsSpan(0, length)))
                {
                    return $"a frame of {length} bytes makes no sense";
                }
            }
        }
        catch (Exception ex) when (ex is OperationCanceledException or ObjectDisposedException)
        {
            return "it was closed on this side";
        }
        catch (SocketException ex)
        {
            return ex.Message;
        }
    }

    private bool Handle(ReadOnlySpan<byte> frame)
    {
        if (!InitFrame.TryRead(frame, out Header header, out ReadOnlySpan<byte> body))
        {
            return false;
        }

        if (header.Type == FrameType.Ended)
        {
            return ExecRecord.TryParse(body, out ExecRecord? record)
                && _ended.Writer.TryWrite(new ExecEnded(record.ExecId, record));
        }

        // An answer nobody waits for any more: its call was cancelled.
        if (!_pending.TryGetValue(header.Seq, out PendingReply? pending))
        {
            return true;
        }

        return header.Type == FrameType.Listed
            ? pending.AddListed(body)
            : pending.Completion.TrySetResult(new Reply(header.Type, body.ToArray(), null));
    }

    private sealed record Reply(FrameType Type, byte[] Body, IReadOnlyList<ListedExec>? Listed);

    private sealed class PendingReply
    {
        private List<ListedExec>? _listed;

        public TaskCompletionSource<Reply> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool AddListed(ReadOnlySpan<byte> body)
        {
            _listed ??= [];
            if (!InitFrame.TryReadListed(body, _listed, out bool more))
            {
                return false;
            }

            if (!more)
            {
                Completion.TrySetResult(new Reply(FrameType.Listed, [], _listed));
            }

            return true;
        }
    }
}
