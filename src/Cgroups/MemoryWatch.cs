using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>
/// Tells when a cgroup, or one below it, meets a limit of memory or stalls for lack of it: <c>memory.events</c>, and a PSI trigger on
/// <c>memory.pressure</c>. Each costs one descriptor. For the trigger of a process with CAP_SYS_RESOURCE the kernel starts one
/// thread (<c>psimon</c>) for the cgroup, which sleeps while nothing stalls. Safe for use by several threads.
/// </summary>
/// <remarks>
/// A wake-up says "look", not "how often": several changes may come as one. That the cgroup is removed is told by the PSI trigger; to
/// those who listen to <c>memory.events</c> alone the kernel says nothing.
/// </remarks>
public sealed class MemoryWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Action<GrowthTrigger> _woken;
    private Source? _events;
    private Source? _stalls;
    private bool _ended;

    private MemoryWatch(Action<GrowthTrigger> woken)
    {
        _woken = woken;
    }

    /// <summary>Whether <c>memory.events</c> is watched: not without the memory controller, and not after the end.</summary>
    public bool HearsEvents => _events is not null;

    /// <summary>Whether stalls are watched: not without a trigger or PSI for this cgroup, and not after the end.</summary>
    public bool HearsStalls => _stalls is not null;

    /// <summary>Descriptors that it holds now.</summary>
    public int Descriptors => (HearsEvents ? 1 : 0) + (HearsStalls ? 1 : 0);

    /// <summary>Begins to watch a cgroup. What happened before is not told: look once after this call.</summary>
    /// <param name="group">The cgroup.</param>
    /// <param name="trigger">When a stall is told; null: never.</param>
    /// <param name="woken">
    /// Called on the one thread of <see cref="KernelFileEvents.Shared"/>, with <see cref="GrowthTrigger.High"/> or
    /// <see cref="GrowthTrigger.Psi"/>; must neither block nor throw. When a wake-up finds the cgroup gone it is called once more and
    /// never again: the watch has ended. A call may still be under way when the watch is disposed.
    /// </param>
    /// <exception cref="KernelFileException">The cgroup is gone, or the kernel refuses the trigger.</exception>
    public static MemoryWatch Open(Cgroup group, StallTrigger? trigger, Action<GrowthTrigger> woken) =>
        Open(group, trigger, "memory.events", "memory.pressure", woken);

    /// <summary>The same with other files of the same kinds: the kernel at hand may lack the memory controller.</summary>
    internal static MemoryWatch Open(Cgroup group, StallTrigger? trigger, string events, string pressure, Action<GrowthTrigger> woken)
    {
        using KernelDirectory directory = group.OpenSelf();
        MemoryWatch watch = new(woken);
        try
        {
            // A wake-up that comes while this method runs waits for the lock.
            lock (watch._lock)
            {
                watch._events = watch.Listen(directory.TryOpenFile(events), GrowthTrigger.High, directory.FilePath(events));
                watch._stalls = trigger is null
                    ? null
                    : watch.Listen(
                        PressureTrigger.TryOpen(directory, pressure, trigger.Threshold, trigger.Window), GrowthTrigger.Psi, directory.FilePath(pressure));
            }

            return watch;
        }
        catch (KernelFileException)
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Ends the watch and closes its descriptors.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            End();
        }
    }

    private Source? Listen(SafeFileHandle? file, GrowthTrigger trigger, string path)
    {
        if (file is null)
        {
            return null;
        }

        try
        {
            // A file that was never read counts as changed: the read keeps the kernel from telling what is old.
            return KernelFileEvents.IsGone(file)
                ? throw new KernelFileException("read", path, null, Errno.ENODEV)
                : new Source(file, KernelFileEvents.Shared.Register(file, isError => Wake(trigger, file, isError)));
        }
        catch (KernelFileException)
        {
            file.Dispose();
            throw;
        }
    }

    // The kernel lets no one read a pressure file while it counts that very cgroup's stalls, so this thread does not.
    private void Wake(GrowthTrigger trigger, SafeFileHandle file, bool isError)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            if (isError && (trigger is GrowthTrigger.Psi || KernelFileEvents.IsGone(file)))
            {
                End();
            }
        }

        _woken(trigger);
    }

    private void End()
    {
        _ended = true;
        _events?.Dispose();
        _stalls?.Dispose();
        _events = _stalls = null;
    }

    private sealed record Source(SafeFileHandle File, IDisposable Registration) : IDisposable
    {
        public void Dispose()
        {
            Registration.Dispose();
            File.Dispose();
        }
    }
}
