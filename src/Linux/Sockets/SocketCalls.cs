using System.Runtime.InteropServices;

namespace Sleigh.Linux.Sockets;

/// <summary>sendmsg(2), recvmsg(2), getsockopt(2), memfd_create(2) and fcntl(2), as the 64-bit C libraries have them.</summary>
internal static unsafe partial class SocketCalls
{
    internal const int ScmRights = 1;
    internal const int SolSocket = 1;
    internal const int DontWait = 0x40;
    internal const int NoSignal = 0x4000;
    internal const int CloseOnExec = 0x40000000;
    internal const int ControlTruncated = 0x8;
    internal const int Truncated = 0x20;

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int GetOption(SafeHandle socket, int level, int option, void* value, ref uint size);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int FileControl(SafeHandle file, int command, nint argument);

    /// <summary>struct iovec.</summary>
    internal struct Part
    {
        public void* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr of glibc and, on little-endian machines, of musl.</summary>
    internal struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr; the data follows at once (its size is a multiple of the alignment).</summary>
    internal struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
