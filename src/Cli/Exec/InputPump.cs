using Sleigh.Cli.Http;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Exec;

/// <summary>
/// Carries standard input to whatever channel is open at the moment, piece by piece: the next piece is read when the last one is on its way,
/// so memory does not grow with the input.
/// </summary>
/// <remarks>
/// The channel has no acknowledgements. Of a connection that breaks it is not known which of the last bytes arrived; see <see cref="IsAtRisk"/>.
/// </remarks>
internal sealed class InputPump
{
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(2);

    private readonly Stream _input;
    private readonly TimeProvider _time;
    private readonly DetachKeys? _keys;
    private readonly TaskCompletionSource _detached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _lock = new();
    private TaskCompletionSource<AttachChannel> _channel = New();
    private long _lastSent;
    private bool _sentAny;
    private bool _sending;
    private bool _ended;

    /// <param name="input">Standard input.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isTerminal">Whether a person types it: then Ctrl-P Ctrl-Q detaches.</param>
    public InputPump(Stream input, TimeProvider time, bool isTerminal)
    {
        _input = input;
        _time = time;
        _keys = isTerminal ? new DetachKeys() : null;
    }

    /// <summary>Ends when the person asked to leave.</summary>
    public Task Detached => _detached.Task;

    /// <summary>
    /// Whether input may be lost if the connection has just broken: some was on its way. What a person types is not counted; they see what
    /// became of it.
    /// </summary>
    public bool IsAtRisk
    {
        get
        {
            lock (_lock)
            {
                return _keys is null && (_sending || (_sentAny && _time.GetElapsedTime(_lastSent) < OnTheWay));
            }
        }
    }

    /// <summary>Sends to this channel from now on. An end of input that was sent before is sent again.</summary>
    public async Task UseAsync(AttachChannel channel, CancellationToken cancellationToken)
    {
        bool ended;
        lock (_lock)
        {
            ended = _ended;
        }

        if (ended)
        {
            try
            {
                await channel.WriteAsync(ToDaemon.EndOfInput, default, cancellationToken);
            }
            catch (LostConnectionException)
            {
                // A daemon that has told the end closes at once; whoever reads finds that out, or the loss.
            }
        }

        lock (_lock)
        {
            _channel.TrySetResult(channel);
        }
    }

    /// <summary>The channel is gone; input waits for the next.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _channel = _channel.Task.IsCompleted ? New() : _channel;
        }
    }

    /// <summary>Reads to the end of input, or until the person detaches.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[32 * 1024];
        while (true)
        {
            // A read of a terminal cannot be taken back: it is left behind when the command ends.
            int read = await Task.Run(() => Read(buffer), cancellationToken).WaitAsync(cancellationToken);
            if (read == 0)
            {
                break;
            }

            byte[] piece;
            bool leaves = false;
            if (_keys is null)
            {
                piece = buffer[..read];
            }
            else
            {
                (piece, leaves) = _keys.Filter(buffer.AsSpan(0, read));
            }

            if (piece.Length > 0)
            {
                await SendAsync(ToDaemon.Input, piece, cancellationToken);
            }

            if (leaves)
            {
                _detached.TrySetResult();
                return;
            }
        }

        // Noted before it is sent: a channel that is opened from now on begins with it, whatever becomes of this one. Twice does no harm.
        lock (_lock)
        {
            _ended = true;
        }

        await SendAsync(ToDaemon.EndOfInput, [], cancellationToken);
    }

    private int Read(byte[] buffer)
    {
        try
        {
            return _input.Read(buffer);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"cannot read standard input: {ex.Message}", null, ex);
        }
    }

    private async Task SendAsync(ToDaemon type, byte[] piece, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<AttachChannel> open;
            lock (_lock)
            {
                open = _channel.Task;
            }

            AttachChannel channel = await open.WaitAsync(cancellationToken);
            Note(sending: type == ToDaemon.Input);
            try
            {
                await channel.WriteAsync(type, piece, cancellationToken);
                Note(sending: false);
                return;
            }
            catch (Exception ex) when (ex is LostConnectionException or ObjectDisposedException)
            {
                if (type == ToDaemon.Input)
                {
                    // Sent again, it might come twice. Whoever reads the output decides; see IsAtRisk.
                    Note(sending: false);
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), _time, cancellationToken);
            }
        }
    }

    private void Note(bool sending)
    {
        lock (_lock)
        {
            _sentAny |= sending || _sending;
            _lastSent = sending || _sending ? _time.GetTimestamp() : _lastSent;
            _sending = sending;
        }
    }

    private static TaskCompletionSource<AttachChannel> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
