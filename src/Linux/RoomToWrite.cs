using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux;

/// <summary>
/// Waits until pipes can be written to: one thread and one epoll descriptor for any number of them, so that a reader who never reads
/// costs no thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The one instance lives as long as the process.")]
internal sealed class RoomToWrite
{
    private const int Batch = 64;

    private static readonly Lazy<RoomToWrite> LazyShared = new(() => new RoomToWrite());

    private readonly SafeFileHandle _epoll;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, TaskCompletionSource> _waiting = [];
    private ulong _lastId;

    private RoomToWrite()
    {
        int descriptor = EpollCreate(CloseOnExec);
        _epoll = descriptor < 0 ? throw KernelException.Last("make", "epoll") : Descriptors.Own(descriptor);
        new Thread(Run) { IsBackground = true, Name = "room-to-write" }.Start();
    }

    /// <summary>The one instance of the process.</summary>
    internal static RoomToWrite Shared => LazyShared.Value;

    /// <summary>Completes when a write would not block, or would fail. One wait at a time for one open file.</summary>
    /// <exception cref="KernelException">The kernel cannot watch this file.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    internal async Task WaitAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong id;
        lock (_lock)
        {
            id = ++_lastId;
            _waiting.Add(id, room);
        }

        try
        {
            Control(EpollAdd, file, id);
            await room.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(id);
            }

            if (!file.IsClosed)
            {
                Control(EpollDelete, file, id);
            }
        }
    }

    private unsafe void Control(int operation, SafeFileHandle file, ulong id)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = EpollOutput | EpollOneShot;
        *(ulong*)(entry + EpollEventSize - 8) = id;
        if (EpollControl(_epoll, operation, file, entry) != 0 && operation == EpollAdd)
        {
            throw KernelException.Last("wait for", Descriptors.PathOf(file));
        }
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
                lock (_lock)
                {
                    _waiting.GetValueOrDefault(id)?.TrySetResult();
                }
            }
        }
    }
}
