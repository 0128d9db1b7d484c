using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;

namespace Sleigh.Linux.Systemd;

/// <summary>
/// The socket on which journald takes entries in its own form: one datagram each, or a sealed memory file where an entry is larger than
/// a datagram may be (systemd.io, "Native Journal Protocol"). Not safe for use by several threads at once.
/// </summary>
public sealed class JournalSocket : IDisposable
{
    /// <summary>Where journald listens.</summary>
    public const string DefaultPath = "/run/systemd/journal/socket";

    // journald that does not read for so long is taken for hanging; the entry is lost then.
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(1);

    private readonly UnixDomainSocketEndPoint _address;
    private Socket? _socket;

    /// <summary>Takes the path; nothing is opened yet.</summary>
    public JournalSocket(string path = DefaultPath) => _address = new UnixDomainSocketEndPoint(path);

    /// <summary>
    /// Whether standard error goes to the journal: JOURNAL_STREAM holds device and inode of it, so that a redirection, or a variable
    /// inherited from elsewhere, is noticed (systemd.exec(5)).
    /// </summary>
    /// <param name="journalStream">The variable; null: not set.</param>
    /// <param name="standardError">The descriptor to compare with.</param>
    public static bool IsStream(string? journalStream, SafeFileHandle standardError)
    {
        string[] parts = (journalStream ?? "").Split(':');
        return parts.Length == 2 && ulong.TryParse(parts[0], out ulong device) && ulong.TryParse(parts[1], out ulong inode)
            && Files.Stat(standardError) is var status && status.Device == device && status.Inode == inode;
    }

    /// <summary>Sends one entry.</summary>
    /// <returns>False: nobody takes it, and it is lost.</returns>
    public bool TrySend(ReadOnlySpan<byte> entry)
    {
        // The second try is for a journald that was started anew in between.
        for (int attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                Open().Send(entry);
                return true;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.MessageSize or SocketError.NoBufferSpaceAvailable)
            {
                return TrySendFile(entry);
            }
            catch (SocketException)
            {
                Dispose();
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private Socket Open()
    {
        if (_socket is null)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = (int)SendLimit.TotalMilliseconds };
            try
            {
                socket.Connect(_address);
            }
            catch (SocketException)
            {
                socket.Dispose();
                throw;
            }

            _socket = socket;
        }

        return _socket;
    }

    private bool TrySendFile(ReadOnlySpan<byte> entry)
    {
        try
        {
            using SafeFileHandle file = MemoryFile.CreateSealed("journal entry", entry);
            SendDescriptor(Open().SafeHandle, file);
            return true;
        }
        catch (Exception e) when (e is KernelException or SocketException)
        {
            return false;
        }
    }

    // An empty datagram that carries the file.
    private static unsafe void SendDescriptor(SafeSocketHandle socket, SafeFileHandle file)
    {
        byte* control = stackalloc byte[sizeof(SocketCalls.ControlHeader) + 8];
        SocketCalls.ControlHeader* header = (SocketCalls.ControlHeader*)control;
        header->Length = (nuint)(sizeof(SocketCalls.ControlHeader) + sizeof(int));
        header->Level = SocketCalls.SolSocket;
        header->Type = SocketCalls.ScmRights;
        *(int*)(header + 1) = (int)file.DangerousGetHandle();
        SocketCalls.MessageHeader message = new() { Control = control, ControlLength = (nuint)(sizeof(SocketCalls.ControlHeader) + 8) };
        while (SocketCalls.SendMessage(socket, &message, SocketCalls.NoSignal) < 0)
        {
            if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw KernelException.Last("send to", "the journal");
            }
        }
    }
}
