using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>Freezing, and waiting on <c>cgroup.events</c>.</content>
public sealed partial record Cgroup
{
    private const string EventsFile = "cgroup.events";

    // Freezing and killing take some 0.1 to 1 ms; a blocked thread is cheaper than two thread switches for that long.
    private static readonly TimeSpan Inline = TimeSpan.FromMilliseconds(2);

    /// <summary>Reads whether live processes are in it, and whether all have stopped.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone, or is the root, which has no such file.</exception>
    public CgroupEvents ReadEvents()
    {
        using KernelDirectory directory = OpenSelf();
        return CgroupEvents.Parse(directory.Read(EventsFile));
    }

    /// <summary>
    /// Stops every process in it and below it, and returns when all have stopped (Linux 5.2). If some do not within
    /// <paramref name="timeout"/> (a process in an uninterruptible wait), or the call is cancelled, all run on. Processes that
    /// are born in it later are born stopped.
    /// </summary>
    /// <exception cref="TimeoutException">Not all stopped in time; they run again.</exception>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public async Task FreezeAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using KernelDirectory directory = OpenSelf();
        directory.Write("cgroup.freeze", "1");
        bool frozen = false;
        try
        {
            frozen = await WaitAsync(directory, e => e.Frozen, timeout, Inline, cancellationToken);
        }
        finally
        {
            if (!frozen)
            {
                directory.TryWrite("cgroup.freeze", "0");
            }
        }

        if (!frozen)
        {
            throw new TimeoutException($"freeze {Path}: not all processes stopped within {timeout.TotalMilliseconds:F0} ms; they run again");
        }
    }

    /// <summary>Lets the processes run again. The kernel needs no waiting for that. Nothing happens when the cgroup is gone.</summary>
    public void Thaw()
    {
        using KernelDirectory? directory = TryOpenSelf();
        directory?.TryWrite("cgroup.freeze", "0");
    }

    /// <summary>Returns true when no live process is left in it or below it, at once when it is gone; false when the time is over.</summary>
    public Task<bool> WaitEmptyAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitEmptyAsync(timeout, TimeSpan.Zero, cancellationToken);

    /// <summary>Waits without a limit until no live process is left in it or below it.</summary>
    public async Task WaitEmptyAsync(CancellationToken cancellationToken = default) =>
        _ = await WaitEmptyAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    private async Task<bool> WaitEmptyAsync(TimeSpan timeout, TimeSpan blocking, CancellationToken cancellationToken)
    {
        using KernelDirectory? directory = TryOpenSelf();
        return directory is null || await WaitAsync(directory, e => !e.Populated, timeout, blocking, cancellationToken);
    }

    private static async Task<bool> WaitAsync(
        KernelDirectory directory, Func<CgroupEvents, bool> until, TimeSpan timeout, TimeSpan blocking, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long start = TimeProvider.System.GetTimestamp();
        using SafeFileHandle? file = directory.TryOpenFile(EventsFile);
        if (file is null || IsReached(directory, file, until))
        {
            return true;
        }

        TimeSpan limit = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout;
        TimeSpan inline = limit < blocking ? limit : blocking;
        for (TimeSpan left = inline; left > TimeSpan.Zero; left = inline - TimeProvider.System.GetElapsedTime(start))
        {
            if (KernelFileEvents.Wait(file, left) && IsReached(directory, file, until))
            {
                return true;
            }
        }

        if (limit == inline)
        {
            return false;
        }

        using SemaphoreSlim changed = new(0);
        // The watching thread may be in the callback while this method leaves: a release after the dispose is not an error.
        using (KernelFileEvents.Shared.Register(file, () => Release(changed)))
        {
            while (!IsReached(directory, file, until))
            {
                TimeSpan left = limit - TimeProvider.System.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                _ = await changed.WaitAsync(limit == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : left, cancellationToken);
            }
        }

        return true;
    }

    // A cgroup can be removed only when it is empty, so one that is gone has reached whatever was waited for.
    private static bool IsReached(KernelDirectory directory, SafeFileHandle file, Func<CgroupEvents, bool> until) =>
        directory.TryReadFile(file, directory.FilePath(EventsFile)) is not { } text || until(CgroupEvents.Parse(text));

    private static void Release(SemaphoreSlim changed)
    {
        try
        {
            changed.Release();
        }
        catch (ObjectDisposedException)
        {
            // The wait is over.
        }
    }
}
