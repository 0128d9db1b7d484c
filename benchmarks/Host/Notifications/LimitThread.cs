using System.Collections.Concurrent;
using System.Diagnostics;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Benchmarks.Host.Notifications;

/// <summary>
/// What the daemon's memory thread does with a wake-up: takes it from the queue, reads the cgroup and the host's memory, asks the ledger
/// (with 500 sandboxes in it) and the policy, and writes wall and brake. Where the kernel has no memory controller, other files of cgroups
/// are read in place of its memory files. The figures that the policy sees are those of a burst, since none is under way.
/// </summary>
internal sealed class LimitThread : IDisposable
{
    private static readonly string[] StandIns = ["cpu.pressure", "cpu.stat", "cgroup.stat", "cgroup.events", "cgroup.max.depth", "cgroup.max.descendants"];
    private static readonly GrowthOptions Options = new();

    private readonly BlockingCollection<(Cgroup Group, long Told)> _queue = [];
    private readonly LimitFiles _files;
    private readonly Action<Cgroup, TimeSpan> _written;
    private readonly LedgerLine[] _lines;
    private readonly GrowthState _before;
    private readonly Thread _thread;

    /// <param name="files">Where limits are written.</param>
    /// <param name="written">Called on the thread with the time since the kernel was heard, after each written limit.</param>
    public LimitThread(LimitFiles files, Action<Cgroup, TimeSpan> written)
    {
        _files = files;
        _written = written;
        _lines = [.. Enumerable.Range(0, 500).Select(i => new LedgerLine
        {
            Name = $"s{i}", Usage = 1, WorkingSet = 1, Brake = 256 * GrowthOptions.MiB, Wall = 384 * GrowthOptions.MiB, Start = 256 * GrowthOptions.MiB,
        })];
        _before = GrowthPolicy.Decide(Burst(high: 0), new GrowthState(), Bounds, Options, new HostRoom(0, "")).Next;
        _thread = new Thread(Run) { IsBackground = true, Name = "memory" };
        _thread.Start();
    }

    private static GrowthBounds Bounds => new(256 * GrowthOptions.MiB, 4096 * GrowthOptions.MiB, Automatic: true);

    /// <summary>Called on the thread that hears the kernel.</summary>
    /// <param name="group">The cgroup.</param>
    /// <param name="told">Time stamp of the kernel's notification, or of the moment just before it.</param>
    public void Wake(Cgroup group, long told) => _queue.Add((group, told));

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private static MemorySample Burst(long high) => new()
    {
        At = TimeSpan.FromMilliseconds(20 * high),
        Usage = 250 * GrowthOptions.MiB,
        InactiveFile = 0,
        Events = new MemoryEvents(0, high, 0, 0, 0, 0),
        Stalled = TimeSpan.Zero,
        Brake = 256 * GrowthOptions.MiB,
        Wall = 384 * GrowthOptions.MiB,
    };

    private static void Read(Cgroup group)
    {
        // Without a memory controller the first of its files says so; what it would have read is then read from others.
        if (group.TryReadSample(group, TimeSpan.Zero) is not null)
        {
            return;
        }

        using KernelDirectory directory = KernelDirectory.Open(group.Path);
        Pressure.Parse(directory.Read(StandIns[0]));
        CpuStat.Parse(directory.Read(StandIns[1]));
        foreach (string file in StandIns.AsSpan(2))
        {
            directory.Read(file);
        }
    }

    private void Run()
    {
        foreach ((Cgroup group, long told) in _queue.GetConsumingEnumerable())
        {
            Read(group);
            MemoryInfo memory = MemoryInfo.Read();
            HostRoom room = MemoryLedger.RoomFor(new LedgerHost(memory.TotalBytes, memory.AvailableBytes, memory.TotalBytes / 10), _lines, "s0");
            MemoryDecision decision = GrowthPolicy.Decide(Burst(high: 1), _before, Bounds, Options, room).Decision;
            var grow = decision as MemoryDecision.Grow ?? throw new InvalidOperationException($"the policy did not grow: {decision.Reason}");
            _files.Write(group, grow.Wall, grow.Brake);
            _written(group, Stopwatch.GetElapsedTime(told));
        }
    }
}
