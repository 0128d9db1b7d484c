using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux;

/// <summary>
/// Tells when ordinary files are written to: inotify(7), with one descriptor and one thread for any number of files. It says that
/// something has changed, never how often: look at the file itself. Safe for use by several threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The one instance lives as long as the process.")]
public sealed class FileChanges
{
    private const int BufferSize = 16 * 1024;
    private const uint Overflow = 0x4000;
    private const uint Ignored = 0x8000;

    private static readonly Lazy<FileChanges> LazyShared = new(() => new FileChanges());

    private readonly SafeFileHandle _inotify;
    private readonly Lock _lock = new();

    // The kernel has one watch for an inode, however often it is asked for.
    private readonly Dictionary<int, List<Action>> _listeners = [];

    private FileChanges()
    {
        int descriptor = InotifyCreate(CloseOnExec);
        _inotify = descriptor < 0 ? throw KernelException.Last("make", "inotify instance") : Descriptors.Own(descriptor);
        new Thread(Run) { IsBackground = true, Name = "file-changes" }.Start();
    }

    /// <summary>The one instance of the process; its thread starts with the first use and lives as long as the process.</summary>
    /// <exception cref="KernelException">The user has too many inotify instances.</exception>
    public static FileChanges Shared => LazyShared.Value;

    /// <summary>How many files are watched now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _listeners.Count;
            }
        }
    }

    /// <summary>
    /// Calls <paramref name="changed"/> after each write to the file, once or more: watch first, then read, and no change is missed.
    /// The call comes on the watching thread and must neither block nor throw; it may still be under way when the watch is disposed.
    /// </summary>
    /// <exception cref="KernelException">There is no such file, or the kernel has no room for more watches (ENOSPC).</exception>
    public IDisposable Watch(string path, Action changed)
    {
        lock (_lock)
        {
            int watch = InotifyAdd(_inotify, path, InotifyModify);
            if (watch < 0)
            {
                throw KernelException.Last("watch", path);
            }

            ref List<Action>? listeners = ref CollectionsMarshal.GetValueRefOrAddDefault(_listeners, watch, out _);
            listeners ??= [];
            listeners.Add(changed);
            return new Registration(this, watch, changed);
        }
    }

    private unsafe void Run()
    {
        byte* buffer = stackalloc byte[BufferSize];
        List<Action> wake = [];
        while (true)
        {
            nint length = Read(_inotify, buffer, BufferSize);
            lock (_lock)
            {
                for (nint at = 0; at < length;)
                {
                    // struct inotify_event: watch, mask, cookie, length of the name behind it.
                    int watch = *(int*)(buffer + at);
                    uint mask = *(uint*)(buffer + at + 4);
                    at += 16 + (nint)(*(uint*)(buffer + at + 12));
                    Collect(watch, mask, wake);
                }
            }

            wake.ForEach(changed => changed());
            wake.Clear();
        }
    }

    private void Collect(int watch, uint mask, List<Action> wake)
    {
        if ((mask & Overflow) != 0)
        {
            wake.AddRange(_listeners.Values.SelectMany(l => l));
        }
        else if (_listeners.TryGetValue(watch, out List<Action>? listeners))
        {
            wake.AddRange(listeners);
            if ((mask & Ignored) != 0)
            {
                // The file is gone, and the watch with it.
                _listeners.Remove(watch);
            }
        }
    }

    private void Forget(int watch, Action changed)
    {
        lock (_lock)
        {
            if (_listeners.TryGetValue(watch, out List<Action>? listeners) && listeners.Remove(changed) && listeners.Count == 0)
            {
                _listeners.Remove(watch);
                // EINVAL: the file has gone in this moment.
                _ = InotifyRemove(_inotify, watch);
            }
        }
    }

    private sealed class Registration(FileChanges owner, int watch, Action changed) : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _disposed, true))
            {
                owner.Forget(watch, changed);
            }
        }
    }
}
