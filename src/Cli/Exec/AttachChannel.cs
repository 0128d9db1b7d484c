using System.Buffers.Binary;
using Sleigh.Cli.Http;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Exec;

/// <summary>What the daemon sends on an attach channel.</summary>
internal enum FromDaemon : byte
{
    Stdout = 0,
    Stderr = 1,
    Exit = 2,
    Error = 3,
}

/// <summary>What the daemon takes on an attach channel.</summary>
internal enum ToDaemon : byte
{
    Input = 0,
    Resize = 1,
    EndOfInput = 2,
    Signal = 3,
}

/// <summary>
/// The frames of <c>sleigh-attach</c> over a connection: one byte type, four bytes length (big-endian), the payload. Writes may come from
/// several places at once.
/// </summary>
internal sealed class AttachChannel : IAsyncDisposable
{
    /// <summary>The longest payload of a frame.</summary>
    public const int MaxPayload = 65536;

    private const int HeadBytes = 5;

    private readonly Stream _connection;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _resizing = new(1);

    public AttachChannel(Stream connection) => _connection = connection;

    /// <summary>The next frame; null when the connection ended between frames or within one.</summary>
    /// <exception cref="LostConnectionException">The connection broke.</exception>
    public async Task<(FromDaemon Type, byte[] Payload)?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[] head = new byte[HeadBytes];
        if (!await FillAsync(head, cancellationToken))
        {
            return null;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(1));
        if (length > MaxPayload)
        {
            throw new CliException(
                ExitCode.Failure, $"the daemon sent a frame of {length} bytes; the most is {MaxPayload}", "is sleighctl of the same version as sleighd?");
        }

        byte[] payload = new byte[length];
        return await FillAsync(payload, cancellationToken) ? ((FromDaemon)head[0], payload) : null;
    }

    /// <summary>Sends a frame; a payload longer than one may hold goes out in several.</summary>
    /// <exception cref="LostConnectionException">The connection broke.</exception>
    public async Task WriteAsync(ToDaemon type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            do
            {
                int take = Math.Min(payload.Length, MaxPayload);
                byte[] frame = new byte[HeadBytes + take];
                frame[0] = (byte)type;
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), take);
                payload[..take].CopyTo(frame.AsMemory(HeadBytes));
                await _connection.WriteAsync(frame, cancellationToken);
                payload = payload[take..];
            }
            while (payload.Length > 0);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>
    /// Asks for the window's size and sends it. One call after the other, so that of two changes at once the later size is sent last.
    /// </summary>
    /// <exception cref="LostConnectionException">The connection broke.</exception>
    public async Task ResizeAsync(Func<TerminalSize?> ask, CancellationToken cancellationToken)
    {
        await _resizing.WaitAsync(cancellationToken);
        try
        {
            if (ask() is { } size)
            {
                byte[] payload = new byte[4];
                BinaryPrimitives.WriteUInt16BigEndian(payload, size.Rows);
                BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(2), size.Columns);
                await WriteAsync(ToDaemon.Resize, payload, cancellationToken);
            }
        }
        finally
        {
            _resizing.Release();
        }
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task<bool> FillAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (target.Length > 0)
        {
            int read = await _connection.ReadAsync(target, cancellationToken);
            if (read == 0)
            {
                return false;
            }

            target = target[read..];
        }

        return true;
    }
}
