using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux.KernelFiles;

/// <summary>
/// Tells when kernel files change: files that raise POLLPRI, such as <c>cgroup.events</c>, <c>memory.events</c> and pressure
/// triggers. One thread and one epoll descriptor serve any number of files. Safe for use by several threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The one instance lives as long as the process.")]
public sealed class KernelFileEvents
{
    private const int Batch = 64;

    private static readonly Lazy<KernelFileEvents> LazyShared = new(() => new KernelFileEvents());

    private readonly SafeFileHandle _epoll;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Action<bool>> _listeners = [];
    private ulong _lastId;

    private KernelFileEvents()
    {
        int descriptor = EpollCreate(CloseOnExec);
        if (descriptor < 0)
        {
            throw new KernelFileException("open", "epoll", null, (Errno)Marshal.GetLastPInvokeError());
        }

        _epoll = new SafeFileHandle(descriptor, ownsHandle: true);
        new Thread(Run) { IsBackground = true, Name = "kernel-file-events" }.Start();
    }

    /// <summary>The one instance of the process; its thread starts with the first use and lives as long as the process.</summary>
    public static KernelFileEvents Shared => LazyShared.Value;

    /// <summary>
    /// Calls <paramref name="changed"/> each time the file changes, at once too if it changed since it was last read through
    /// this descriptor: register first, then read, and no change is missed. The call comes on the watching thread and must
    /// neither block nor throw. A call may still be under way when the registration is disposed. Dispose before closing the file.
    /// </summary>
    /// <exception cref="KernelFileException">The kernel cannot watch this file.</exception>
    public IDisposable Register(SafeFileHandle file, Action changed) => Register(file, _ => changed());

    /// <summary>
    /// The same, and tells whether the kernel raised POLLERR. A pressure trigger raises it only when its cgroup has been removed; files such as
    /// <c>memory.events</c> raise it with every change (fs/kernfs/file.c), and <see cref="IsGone"/> tells.
    /// </summary>
    /// <exception cref="KernelFileException">The kernel cannot watch this file.</exception>
    public unsafe IDisposable Register(SafeFileHandle file, Action<bool> changed)
    {
        ulong id;
        lock (_lock)
        {
            id = ++_lastId;
            _listeners.Add(id, changed);
        }

        byte* entry = stackalloc byte[16];
        // Edge: POLLPRI stays up until the file is read, and the reader may be busy elsewhere.
        *(uint*)entry = EpollPriority | EpollEdge;
        *(ulong*)(entry + EpollEventSize - 8) = id;
        if (EpollControl(_epoll, EpollAdd, file, entry) != 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            Forget(id);
            throw new KernelFileException("wait for", $"descriptor {file.DangerousGetHandle()}", null, errno);
        }

        return new Registration(this, file, id);
    }

    /// <summary>
    /// Blocks until the file changes or the time is over, without the watching thread: for waits of microseconds. True: changed.
    /// </summary>
    public static unsafe bool Wait(SafeFileHandle file, TimeSpan timeout)
    {
        bool counted = false;
        file.DangerousAddRef(ref counted);
        try
        {
            PollEntry entry = new() { File = (int)file.DangerousGetHandle(), Wanted = PollPriority };
            int result = Poll(&entry, 1, (int)Math.Ceiling(Math.Max(0, timeout.TotalMilliseconds)));
            if (result < 0 && (Errno)Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw new KernelFileException("wait for", $"descriptor {entry.File}", null, errno);
            }

            return result > 0;
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <summary>
    /// Whether the directory of an open kernel file has been removed (a read gives ENODEV). The read also marks all changes up to now as seen.
    /// </summary>
    public static unsafe bool IsGone(SafeFileHandle file)
    {
        byte first;
        return ReadAt(file, &first, 1, 0) < 0 && (Errno)Marshal.GetLastPInvokeError() is Errno.ENODEV;
    }

    private unsafe void Run()
    {
        byte* entries = stackalloc byte[Batch * 16];
        while (true)
        {
            int count = EpollWait(_epoll, entries, Batch, -1);
            for (int i = 0; i < count; i++)
            {
                ulong id = *(ulong*)(entries + (i * EpollEventSize) + EpollEventSize - 8);
                bool isError = (*(uint*)(entries + (i * EpollEventSize)) & EpollError) != 0;
                Action<bool>? listener;
                lock (_lock)
                {
                    _listeners.TryGetValue(id, out listener);
                }

                listener?.Invoke(isError);
            }
        }
    }

    private void Forget(ulong id)
    {
        lock (_lock)
        {
            _listeners.Remove(id);
        }
    }

    private sealed class Registration(KernelFileEvents owner, SafeFileHandle file, ulong id) : IDisposable
    {
        public unsafe void Dispose()
        {
            owner.Forget(id);
            byte* entry = stackalloc byte[16];
            if (!file.IsClosed)
            {
                // Closing the descriptor takes it out of the epoll set too; this only does it earlier.
                _ = EpollControl(owner._epoll, EpollDelete, file, entry);
            }
        }
    }
}
