using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <summary>
/// Samples, asks the policy, writes limits and keeps what was decided: one thread for all sandboxes. It is woken by the kernel's
/// notifications; besides, it looks each second at sandboxes in which something goes on, each 100 ms at those that were refused, and once
/// a minute at the others. Nothing but this thread changes a limit of a sandbox that grows by itself.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Disposed of asynchronously.")]
internal sealed partial class GrowthLoop : IAsyncDisposable
{
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);
    internal static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan IdleInterval = TimeSpan.FromMinutes(1);

    private readonly Func<MemoryInfo> _host;
    private readonly Func<IReadOnlyDictionary<SandboxId, int>> _running;
    private readonly LiveOptions _options;
    private readonly StallTrigger? _stalls;
    private readonly Func<Cgroup, StallTrigger?, Action<GrowthTrigger>, IDisposable> _watch;
    private readonly MemoryTeller _teller;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<IMemorySlot, GrowthSubject> _subjects = new();
    private readonly BlockingCollection<Work> _queue = [];
    private readonly ConcurrentDictionary<Task, byte> _reclaims = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<string> _reported = [];
    private readonly Thread _thread;
    private TimeSpan _nextLook;

    /// <param name="host">Reads the host's memory.</param>
    /// <param name="running">Counts running commands by sandbox.</param>
    /// <param name="options">The settings.</param>
    /// <param name="stalls">How stalls can be heard of; null: not at all.</param>
    /// <param name="teller">Who records and tells decisions.</param>
    /// <param name="watch">Asks for the kernel's notifications, as <see cref="MemoryWatch.Open"/> does.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where sentences go.</param>
    public GrowthLoop(
        Func<MemoryInfo> host, Func<IReadOnlyDictionary<SandboxId, int>> running, LiveOptions options, StallTrigger? stalls, MemoryTeller teller,
        Func<Cgroup, StallTrigger?, Action<GrowthTrigger>, IDisposable> watch, TimeProvider time, ILogger logger)
    {
        (_host, _running, _options, _stalls, _teller, _watch, _time, _logger) = (host, running, options, stalls, teller, watch, time, logger);
        _origin = time.GetTimestamp();
        _thread = new Thread(Run) { IsBackground = true, Name = "memory" };
    }

    /// <summary>What the ledger counts of each sandbox, as of the last look at it.</summary>
    public IReadOnlyList<LedgerLine> Lines => [.. _subjects.Values.Select(s => s.Line)];

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    private MemoryOptions Settings => _options.Now.Memory;

    private GrowthOptions Policy => MemorySettings.Policy(Settings);

    /// <summary>Begins to work; what was handed over before is done first.</summary>
    public void Start() => _thread.Start();

    /// <summary>From now on the limits of this sandbox follow its need. Returns at once.</summary>
    public void Watch(SandboxEntry entry, IMemorySlot slot)
    {
        slot.Ended = () => Post(() =>
        {
            if (_subjects.TryGetValue(slot, out GrowthSubject? subject))
            {
                Drop(subject);
            }
        });
        Post(() => Begin(entry, slot));
    }

    /// <summary>What the loop knows of a slot; null when it is not watched.</summary>
    public GrowthSubject? Find(IMemorySlot slot) => _subjects.GetValueOrDefault(slot);

    /// <summary>Runs work on the loop's thread, where nothing else changes a limit meanwhile.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool taken = Post(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e) when (e is KernelFileException or RuntimeException or FormatException)
            {
                done.SetException(e);
            }
        });
        return taken ? done.Task : Task.FromException<T>(new RuntimeException(ErrorKind.ShuttingDown, "the daemon is shutting down"));
    }

    /// <summary>Stops looking; limits stay as they are. Returns when reclaiming that was under way has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _queue.CompleteAdding();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _thread.Start();
        }

        await Task.Run(_thread.Join);
        await Task.WhenAll(_reclaims.Keys);
        foreach (GrowthSubject subject in _subjects.Values)
        {
            subject.Dispose();
        }

        _queue.Dispose();
        _stopping.Dispose();
    }

    private bool Post(Action job) => Add(new Work(null, job));

    private bool Add(Work work)
    {
        try
        {
            return _queue.TryAdd(work);
        }
        catch (InvalidOperationException)
        {
            // Shutdown has begun.
            return false;
        }
    }

    private void Run()
    {
        while (!_queue.IsCompleted)
        {
            if (_queue.TryTake(out Work work, WaitMilliseconds()))
            {
                if (work.Job is Action job)
                {
                    job();
                }
                else
                {
                    Guarded(work.Subject!, s => Look(s, s.TakeWake()));
                }
            }

            if (Now >= _nextLook)
            {
                LookAround();
            }
        }
    }

    private int WaitMilliseconds() =>
        _subjects.IsEmpty ? Timeout.Infinite : (int)Math.Clamp((_nextLook - Now).TotalMilliseconds + 1, 1, LookInterval.TotalMilliseconds);

    private void Begin(SandboxEntry entry, IMemorySlot slot)
    {
        GrowthSubject subject = new(entry, slot, SandboxPriority.Of(entry.Record.Sandbox.Labels));
        if (!_subjects.TryAdd(slot, subject))
        {
            return;
        }

        Guarded(subject, s =>
        {
            Settle(s);

            // A daemon that died while it was squeezed has left it open.
            slot.Group.SetSwapMax(0);
            s.Watch = Open(s);
            s.BusyUntil = Now + IdleInterval;
            Look(s, notified: null);
        });
        _nextLook = Min(_nextLook, Now + LookInterval);
    }

    // One whose stalls the kernel will not tell of is heard by its events; the others are not affected.
    private IDisposable Open(GrowthSubject subject)
    {
        Cgroup group = subject.Slot.Group;
        StallTrigger? stalls = subject.Entry.Record.Sandbox.AutoExpandMemory ? _stalls : null;
        try
        {
            return _watch(group, stalls, _ => Wake(subject));
        }
        catch (KernelFileException e) when (stalls is not null && !e.IsMissing)
        {
            Report(subject, e);
            return _watch(group, null, _ => Wake(subject));
        }
    }

    // A slot that an older version made has no brake yet; one may stand below a limit whose writing a crash cut off.
    private void Settle(GrowthSubject subject)
    {
        GrowthBounds bounds = subject.Entry.Record.Bounds;
        SlotLimits limits = subject.Slot.Limits;
        if (!bounds.Automatic && limits.WallMb is null && limits.WallBytes >= bounds.Start)
        {
            return;
        }

        long brake = Math.Max(limits.MemoryMb * GrowthOptions.MiB, bounds.Start);
        if (limits.WallMb is null || brake > limits.MemoryMb * GrowthOptions.MiB)
        {
            long wall = bounds.Automatic ? Math.Max(limits.WallBytes, Math.Min(bounds.Ceiling, GrowthPolicy.WallOf(brake, Policy))) : brake;
            subject.Slot.Limits = limits with { WallMb = bounds.Automatic ? Mb(wall) : null };
            WriteUp(subject, brake, wall);
        }
    }

    // On the epoll thread.
    private void Wake(GrowthSubject subject)
    {
        // One that is held at its brake wakes us up to a hundred times a second; it is looked at every 100 ms anyway.
        if (!subject.IsWaiting && subject.Wake(_time.GetTimestamp()))
        {
            Add(new Work(subject, null));
        }
    }

    private void LookAround()
    {
        TimeSpan now = Now;
        IReadOnlyDictionary<SandboxId, int> running = _running();
        bool anyWaits = false;
        foreach (GrowthSubject subject in _subjects.Values)
        {
            bool runs = running.GetValueOrDefault(subject.Entry.Id) > 0 || subject.Slot.IsConnectedTo;
            bool busy = runs || now < subject.BusyUntil || subject.Line.Brake > subject.Line.Start;
            bool idle = !runs && !(now - subject.State.LastGrowth < MemoryLedger.IdleAfter);
            if (subject.Line.Idle != idle)
            {
                subject.Line = subject.Line with { Idle = idle };
            }

            TimeSpan interval = subject.IsWaiting ? RetryInterval : busy ? LookInterval : IdleInterval;
            if (subject.LookedAt + interval <= now + TimeSpan.FromMilliseconds(1))
            {
                Guarded(subject, s => Look(s, notified: null));
            }

            anyWaits |= subject.IsWaiting;
        }

        if (!anyWaits)
        {
            ResumeOne();
        }

        _nextLook = now + (anyWaits ? RetryInterval : LookInterval);
    }

    private void Drop(GrowthSubject subject)
    {
        subject.IsGone = true;
        _subjects.TryRemove(subject.Slot, out _);
        subject.Dispose();
    }

    // A cgroup that vanishes in between is no error; any other one is told once for each kind, and the others go on.
    private void Guarded(GrowthSubject subject, Action<GrowthSubject> work)
    {
        try
        {
            if (!subject.IsGone)
            {
                work(subject);
            }
        }
        catch (KernelFileException e) when (e.IsMissing)
        {
            if (!subject.Slot.Group.Exists)
            {
                Drop(subject);
            }
        }
        catch (Exception e) when (e is KernelFileException or FormatException or IOException)
        {
            Report(subject, e);
        }
    }

    private void Report(GrowthSubject subject, Exception error)
    {
        string kind = error is KernelFileException k ? $"{k.Operation} {Path.GetFileName(k.FilePath)} {k.Errno}" : error.GetType().Name;
        if (_reported.Add(kind))
        {
            NotFollowed(_logger, subject.Name, error);
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private readonly record struct Work(GrowthSubject? Subject, Action? Job);

    [LoggerMessage(EventId = 1801, EventName = "memory", Level = LogLevel.Error, Message = "The memory of {Sandbox} cannot be followed as it should; this limit stays as it is. Said once for each kind of error")]
    private static partial void NotFollowed(ILogger logger, string sandbox, Exception exception);
}
