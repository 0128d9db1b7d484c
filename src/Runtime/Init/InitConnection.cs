using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using static Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Runtime.Init;

/// <summary>
/// A connection to the sleigh-init of one sandbox. All members may be used from many threads, with many execs under way. When
/// the connection is lost every call ends with <see cref="InitGoneException"/>, and the execs go on: connect again,
/// <see cref="ListAsync"/>, and read the records.
/// </summary>
public sealed partial class InitConnection : IAsyncDisposable
{
    private readonly string _path;
    private readonly SeqPacketSocket _socket;
    private readonly ConcurrentDictionary<uint, PendingReply> _pending = new();
    private readonly Channel<ExecEnded> _ended;
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _receiving;
    private uint _seq;
    private bool _disposed;

    private InitConnection(string path, SeqPacketSocket socket)
    {
        _path = path;
        _socket = socket;
        _ended = Channel.CreateUnbounded<ExecEnded>(
            new UnboundedChannelOptions { SingleWriter = true, AllowSynchronousContinuations = false });
        _receiving = ReceiveAsync();
    }

    /// <summary>
    /// Execs as they end, in order. It holds what has ended since the connection was made; it completes when the connection is
    /// lost. One reader per exec is enough: each end is given once.
    /// </summary>
    public ChannelReader<ExecEnded> Ended => _ended.Reader;

    /// <summary>Completes, with the reason, when the connection is lost or disposed of. It never fails.</summary>
    public Task<string> Closed => _closed.Task;

    /// <summary>Connects to a sandbox's sleigh-init.</summary>
    /// <param name="socketPath">The socket as the host sees it, at most 107 bytes.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="InitGoneException">Nobody listens there.</exception>
    public static async Task<InitConnection> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        try
        {
            return new InitConnection(socketPath, await SeqPacketSocket.ConnectAsync(socketPath, cancellationToken));
        }
        catch (SocketException ex)
        {
            throw new InitGoneException(socketPath, ex.Message, ex);
        }
    }

    /// <summary>
    /// Starts a command. The answer comes when its program has begun, or when a step before that has failed. The command is
    /// started, or not, whatever happens to this call: after a cancellation or a lost connection, <see cref="ListAsync"/> and
    /// the record tell which.
    /// </summary>
    /// <param name="request">The command.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, not the command.</param>
    /// <exception cref="ArgumentException">The request cannot be put into a frame.</exception>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public async Task<StartOutcome> StartAsync(InitStart request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        byte[] payload = InitFrame.WritePayload(request);
        using SafeFileHandle memory = MemoryFile.CreateSealed("sleigh-exec", payload);
        Start body = new()
        {
            ExecId = InitFrame.WriteId(request.ExecId),
            Flags = request.Flags,
            Uid = request.Uid,
            Gid = request.Gid,
            OomScoreAdj = request.OomScoreAdj,
            Capabilities = request.Capabilities,
            SpoolCap = (ulong)request.SpoolCap,
            PayloadSize = (uint)payload.Length,
            Rows = request.Terminal?.Rows ?? 0,
            Columns = request.Terminal?.Columns ?? 0,
            GroupCount = (ushort)request.Groups.Count,
            ArgumentCount = (ushort)request.Arguments.Count,
            EnvironmentCount = (ushort)request.Environment.Count,
        };
        Reply reply = await AskAsync(FrameType.Start, body, request.Descriptors(memory), cancellationToken);
        return reply switch
        {
            { Type: FrameType.Started } when Read(reply, out Started started) => new StartOutcome.Started(started.Pid),
            { Type: FrameType.Failed } when Read(reply, out Failed failed) =>
                new StartOutcome.Failed((StartStage)failed.Stage, (Errno)failed.Error),
            _ => throw Unexpected(reply),
        };
    }

    /// <summary>The execs that run, and those that have ended or failed and were not forgotten.</summary>
    /// <remarks>Of ended ones the last thousand are remembered; the record file of an older one is complete.</remarks>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public async Task<IReadOnlyList<ListedExec>> ListAsync(CancellationToken cancellationToken)
    {
        Reply reply = await AskAsync(FrameType.List, cancellationToken);
        return reply.Listed ?? throw Unexpected(reply);
    }

    /// <summary>Takes an ended or failed exec off the list.</summary>
    /// <returns>None; ENOENT when it is not known; EBUSY when it runs.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public Task<Errno> ForgetAsync(ExecId id, CancellationToken cancellationToken) =>
        DoAsync(FrameType.Forget, InitFrame.WriteId(id), cancellationToken);

    /// <summary>Sends a signal to the process group of the main process.</summary>
    /// <returns>None; ENOENT when it is not known; ESRCH when it has ended; EINVAL when there is no such signal.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public Task<Errno> SignalAsync(ExecId id, int signal, CancellationToken cancellationToken) =>
        DoAsync(FrameType.Signal, new Signal { ExecId = InitFrame.WriteId(id), Number = signal }, cancellationToken);

    /// <summary>Gives the terminal another size; its foreground processes get SIGWINCH.</summary>
    /// <returns>None; ENOENT when it is not known; ESRCH when it has ended; ENOTTY when it has no terminal.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public Task<Errno> ResizeAsync(ExecId id, TerminalSize size, CancellationToken cancellationToken) =>
        DoAsync(
            FrameType.Resize,
            new Resize { ExecId = InitFrame.WriteId(id), Rows = size.Rows, Columns = size.Columns },
            cancellationToken);

    /// <summary>Closes the write end that came with the start: the command reads the end of its input when no other is open.</summary>
    /// <returns>None, also the second time; ENOENT when it is not known; ESRCH when it has ended.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public Task<Errno> EndInputAsync(ExecId id, CancellationToken cancellationToken) =>
        DoAsync(FrameType.EndInput, InitFrame.WriteId(id), cancellationToken);

    /// <summary>The record as sleigh-init has it in memory: the same as the file's, also where the disk is full.</summary>
    /// <returns>Null when the exec is not known.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public async Task<ExecRecord?> RecordAsync(ExecId id, CancellationToken cancellationToken)
    {
        Reply reply = await AskAsync(FrameType.Record, InitFrame.WriteId(id), [], cancellationToken);
        return reply switch
        {
            { Type: FrameType.Done } => null,
            { Type: FrameType.Recorded } when ExecRecord.TryParse(reply.Body, out ExecRecord? record) => record,
            _ => throw Unexpected(reply),
        };
    }

    /// <summary>Asks whether it answers.</summary>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public async Task<InitFigures> PingAsync(CancellationToken cancellationToken)
    {
        Reply reply = await AskAsync(FrameType.Ping, cancellationToken);
        return reply.Type == FrameType.Pong && Read(reply, out Pong pong)
            ? new InitFigures((int)pong.Running, (int)pong.Remembered, (int)pong.Lingering, (long)pong.Reaped, (pong.Features & HoldFeature) != 0)
            : throw Unexpected(reply);
    }

    /// <summary>
    /// Leaves bytes with it that must outlive the daemon and must not be written to a disk. They replace what was left before, and go with it.
    /// </summary>
    /// <param name="content">At most 1 MiB; empty: nothing is kept any more.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>False: it is of an older version, which cannot.</returns>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    /// <exception cref="KernelException">No memory file could be made.</exception>
    public async Task<bool> HoldAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!(await PingAsync(cancellationToken)).CanHold)
        {
            return false;
        }

        using SafeFileHandle? memory = content.IsEmpty ? null : MemoryFile.CreateSealed("sleigh-held", content.Span);
        Reply reply = await AskAsync(FrameType.Hold, new HoldBody { Size = (uint)content.Length }, memory is null ? [] : [memory], cancellationToken);
        return reply.Type == FrameType.Done && Read(reply, out Done done) && done.Error == 0 ? true : throw Unexpected(reply);
    }

    /// <summary>What an earlier daemon has left with it; null: nothing, or it is of an older version.</summary>
    /// <exception cref="InitGoneException">The connection is lost.</exception>
    public async Task<byte[]?> HeldAsync(CancellationToken cancellationToken)
    {
        if (!(await PingAsync(cancellationToken)).CanHold)
        {
            return null;
        }

        byte[] content = [];
        for (int offset = 0; ;)
        {
            Reply reply = await AskAsync(FrameType.Held, new HeldBody { Offset = (uint)offset }, [], cancellationToken);
            if (reply.Type == FrameType.Done && Read(reply, out Done done) && (Errno)done.Error == Errno.ENOENT)
            {
                return null;
            }

            if (reply.Type != FrameType.Piece || !InitFrame.TryReadPiece(reply.Body, out int size, out ReadOnlyMemory<byte> piece)
                || (offset > 0 && size != content.Length) || piece.Length > size - offset || (piece.Length == 0 && offset < size))
            {
                throw Unexpected(reply);
            }

            content = offset == 0 ? new byte[size] : content;
            piece.CopyTo(content.AsMemory(offset));
            offset += piece.Length;
            if (offset == size)
            {
                return content;
            }
        }
    }

    /// <summary>Closes the connection. The execs go on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _stop.CancelAsync();
        _socket.Dispose();
        await _receiving;
        _stop.Dispose();
    }

    private static bool Read<T>(Reply reply, out T body)
        where T : unmanaged => InitFrame.TryReadBody(reply.Body, out body);

    private async Task<Errno> DoAsync<T>(FrameType type, T body, CancellationToken cancellationToken)
        where T : unmanaged
    {
        Reply reply = await AskAsync(type, body, [], cancellationToken);
        return reply.Type == FrameType.Done && Read(reply, out Done done) ? (Errno)done.Error : throw Unexpected(reply);
    }

    private InitGoneException Unexpected(Reply reply) =>
        new(_path, $"an answer of type {(ushort)reply.Type} with {reply.Body.Length} bytes does not fit its request");

    private Task<Reply> AskAsync(FrameType type, CancellationToken cancellationToken)
    {
        uint seq = Interlocked.Increment(ref _seq);
        return AskAsync(seq, InitFrame.Write(type, seq), [], cancellationToken);
    }

    private Task<Reply> AskAsync<T>(FrameType type, T body, SafeHandle[] descriptors, CancellationToken cancellationToken)
        where T : unmanaged
    {
        uint seq = Interlocked.Increment(ref _seq);
        return AskAsync(seq, InitFrame.Write(type, seq, body), descriptors, cancellationToken);
    }
}
