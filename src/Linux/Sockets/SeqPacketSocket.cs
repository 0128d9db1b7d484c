using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// A connected SOCK_SEQPACKET unix socket: each send is one frame, frames keep their bounds and order, and may carry open
/// descriptors (unix(7)). Sending is safe from many threads; one receive may be under way at a time.
/// </summary>
public sealed class SeqPacketSocket : IDisposable
{
    /// <summary>The most descriptors in one frame (SCM_MAX_FD of Linux).</summary>
    public const int MaxDescriptors = 253;

    private readonly Socket _socket;

    private SeqPacketSocket(Socket socket) => _socket = socket;

    /// <summary>Who is at the other end.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public PeerCredentials Peer => PeerCredentials.Of(_socket.SafeHandle);

    /// <summary>Connects to a listening socket.</summary>
    /// <param name="path">At most 107 bytes.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SocketException">Nobody listens there, or the path cannot be reached.</exception>
    public static async Task<SeqPacketSocket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new SeqPacketSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a socket that is connected already, such as one from an accept.</summary>
    public static SeqPacketSocket From(Socket connected)
    {
        ArgumentNullException.ThrowIfNull(connected);
        return connected.SocketType == SocketType.Seqpacket
            ? new SeqPacketSocket(connected)
            : throw new ArgumentException($"the socket is of type {connected.SocketType}", nameof(connected));
    }

    /// <summary>Sends one frame. The descriptors are copied into the message; the caller keeps its own.</summary>
    /// <returns>False when the other end has not read enough of what was sent before; nothing was sent then.</returns>
    /// <exception cref="KernelException">The connection is gone (EPIPE, ECONNRESET), or the kernel refused (EMSGSIZE).</exception>
    public unsafe bool TrySend(ReadOnlySpan<byte> frame, params ReadOnlySpan<SafeHandle> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxDescriptors);
        Span<byte> control = stackalloc byte[ControlSize(descriptors.Length)];
        Span<int> numbers = MemoryMarshal.Cast<byte, int>(control[Math.Min(control.Length, sizeof(SocketCalls.ControlHeader))..]);
        int taken = 0;
        try
        {
            for (; taken < descriptors.Length; taken++)
            {
                bool added = false;
                descriptors[taken].DangerousAddRef(ref added);
                numbers[taken] = (int)descriptors[taken].DangerousGetHandle();
            }

            fixed (byte* start = frame, controlStart = control)
            {
                return Send(start, frame.Length, controlStart, descriptors.Length);
            }
        }
        finally
        {
            while (taken-- > 0)
            {
                descriptors[taken].DangerousRelease();
            }
        }
    }

    /// <summary>As <see cref="TrySend"/>, but waits while the other end is full.</summary>
    /// <exception cref="KernelException">The connection is gone, or the kernel refused.</exception>
    public async ValueTask SendAsync(
        ReadOnlyMemory<byte> frame, SafeHandle[] descriptors, CancellationToken cancellationToken)
    {
        // The base library has no wait for room without a write, so a full peer costs a thread of the pool for that time.
        while (!TrySend(frame.Span, descriptors))
        {
            await Task.Run(() => _socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectWrite), cancellationToken);
        }
    }

    /// <summary>Waits for one frame. Descriptors in it are lost: use <see cref="Receive"/> where some may come.</summary>
    /// <param name="buffer">Longer than any frame: what does not fit is cut off.</param>
    /// <param name="cancellationToken">Ends the wait; no frame is lost by that.</param>
    /// <returns>The frame's length; 0 when the other end has closed.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    /// <summary>Reads one frame that has arrived, with its descriptors.</summary>
    /// <param name="buffer">Longer than any frame.</param>
    /// <param name="descriptors">Gets the descriptors, close-on-exec; they are the caller's.</param>
    /// <returns>The frame's length; 0 when the other end has closed; null when none has arrived.</returns>
    /// <exception cref="KernelException">The frame or its descriptors did not fit (EMSGSIZE), or the kernel refused.</exception>
    public unsafe int? Receive(Span<byte> buffer, ICollection<SafeFileHandle> descriptors)
    {
        ArgumentNullException.ThrowIfNull(descriptors);
        byte* control = stackalloc byte[ControlSize(MaxDescriptors)];
        fixed (byte* start = buffer)
        {
            SocketCalls.Part part = new() { Start = start, Length = (nuint)buffer.Length };
            SocketCalls.MessageHeader message = new()
            {
                Parts = &part,
                PartCount = 1,
                Control = control,
                ControlLength = (nuint)ControlSize(MaxDescriptors),
            };
            nint length = SocketCalls.ReceiveMessage(
                _socket.SafeHandle, &message, SocketCalls.DontWait | SocketCalls.CloseOnExec);
            if (length < 0)
            {
                return Marshal.GetLastPInvokeError() == (int)Errno.EAGAIN
                    ? null
                    : throw KernelException.Last("receive from", "socket");
            }

            Collect(control, (int)message.ControlLength, descriptors);
            return (message.Flags & (SocketCalls.Truncated | SocketCalls.ControlTruncated)) == 0
                ? (int)length
                : throw new KernelException("receive from", "socket", Errno.EMSGSIZE);
        }
    }

    /// <summary>Closes the connection; a receive under way ends.</summary>
    public void Dispose() => _socket.Dispose();

    private static unsafe int ControlSize(int descriptors) =>
        descriptors == 0 ? 0 : (sizeof(SocketCalls.ControlHeader) + (descriptors * sizeof(int)) + 7) & ~7;

    private static unsafe void Collect(byte* control, int length, ICollection<SafeFileHandle> descriptors)
    {
        for (int at = 0; at + sizeof(SocketCalls.ControlHeader) <= length;)
        {
            SocketCalls.ControlHeader* header = (SocketCalls.ControlHeader*)(control + at);
            int size = (int)header->Length;
            if (size < sizeof(SocketCalls.ControlHeader))
            {
                return;
            }

            if (header->Level == SocketCalls.SolSocket && header->Type == SocketCalls.ScmRights)
            {
                int* numbers = (int*)(header + 1);
                int count = (size - sizeof(SocketCalls.ControlHeader)) / sizeof(int);
                for (int i = 0; i < count; i++)
                {
                    descriptors.Add(new SafeFileHandle(numbers[i], ownsHandle: true));
                }
            }

            at += (size + 7) & ~7;
        }
    }

    private unsafe bool Send(byte* frame, int length, byte* control, int descriptors)
    {
        SocketCalls.Part part = new() { Start = frame, Length = (nuint)length };
        SocketCalls.MessageHeader message = new() { Parts = &part, PartCount = 1 };
        if (descriptors > 0)
        {
            SocketCalls.ControlHeader* header = (SocketCalls.ControlHeader*)control;
            header->Length = (nuint)(sizeof(SocketCalls.ControlHeader) + (descriptors * sizeof(int)));
            header->Level = SocketCalls.SolSocket;
            header->Type = SocketCalls.ScmRights;
            message.Control = control;
            message.ControlLength = (nuint)ControlSize(descriptors);
        }

        while (SocketCalls.SendMessage(_socket.SafeHandle, &message, SocketCalls.DontWait | SocketCalls.NoSignal) < 0)
        {
            var error = (Errno)Marshal.GetLastPInvokeError();
            if (error == Errno.EAGAIN)
            {
                return false;
            }

            if (error != Errno.EINTR)
            {
                throw new KernelException("send to", "socket", error);
            }
        }

        return true;
    }
}
