using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.KernelFiles;

/// <summary>The libc calls of this folder. Each returns -1 and leaves the reason in the last P/Invoke error.</summary>
internal static unsafe partial class KernelFileCalls
{
    internal const int CloseOnExec = 0x80000;
    internal const int RemoveDirectory = 0x200;

    internal const short PollPriority = 0x2;
    internal const uint EpollPriority = 0x2;
    internal const uint EpollError = 0x8;
    internal const uint EpollOutput = 0x4;
    internal const uint EpollOneShot = 1u << 30;
    internal const uint EpollEdge = 1u << 31;
    internal const int EpollAdd = 1;
    internal const int EpollDelete = 2;
    internal const uint InotifyModify = 0x2;

    /// <summary>Bytes of struct epoll_event: packed on x86-64 alone.</summary>
    internal static int EpollEventSize { get; } = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 12 : 16;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenAt(SafeFileHandle directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MakeDirectoryAt(SafeFileHandle directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int UnlinkAt(SafeFileHandle directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollEntry* entries, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EpollControl(SafeFileHandle epoll, int operation, SafeFileHandle file, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EpollWait(SafeFileHandle epoll, byte* entries, int count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    internal static partial int InotifyCreate(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int InotifyAdd(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    internal static partial int InotifyRemove(SafeFileHandle inotify, int watch);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        internal int File;
        internal short Wanted;
        internal short Returned;
    }
}
