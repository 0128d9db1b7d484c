using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cgroups;
using Sleigh.Cli.Bench;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Benchmarks.Host.Notifications;

/// <summary>
/// How long it takes from the kernel's notification to the written limit, and what watches cost that hear nothing. With cgroups and
/// processes of its own, without a daemon; all of it is taken away at the end.
/// </summary>
internal sealed class NotificationPart
{
    public const string Ours = "sleigh";

    private const double MostP50 = 5;
    private const double MostP99 = 50;
    private const int Idle = 500;
    private const int Stalled = 8;

    // Ten cgroups in turn, 3 ms apart: the kernel holds a second notification of one file back for 10 ms (CGROUP_FILE_NOTIFY_MIN_INTV).
    private const int Groups = 10;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly BenchResults _results;
    private readonly Action<string> _progress;
    private readonly List<Figure> _figures = [];
    private readonly CgroupHierarchy _hierarchy = CgroupHierarchy.Detect();
    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"sleigh-bench-signals-{Environment.ProcessId}");

    public NotificationPart(BenchResults results, Action<string> progress) => (_results, _progress) = (results, progress);

    /// <summary>What was found besides times.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Measures all of it.</summary>
    /// <param name="notifications">How often the kernel is heard, on an idle host and again on a busy one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task MeasureAsync(int notifications, CancellationToken cancellationToken)
    {
        if (_hierarchy.Mode is CgroupMode.None
            || StallTrigger.Choose(TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(500)) is not { } trigger)
        {
            _results.Fail("memory: notifications", Ours, "this host has no cgroup v2, no PSI, or allows no triggers");
            return;
        }

        Cgroup root = _hierarchy.OpenOrCreate(_name);
        LimitFiles? files = null;
        try
        {
            files = LimitFiles.Enable(_hierarchy, root);
            _progress($"memory: limits are written to {files.Wall} and {files.Brake}");
            await ChangesAsync(root, files, "cores idle", notifications, cancellationToken);
            using (BusyLoops busy = new())
            {
                for (int i = 0; i < Environment.ProcessorCount; i++)
                {
                    busy.Start();
                }

                await ChangesAsync(root, files, "each core busy", notifications, cancellationToken);
            }

            await StallsAsync(root, files, trigger, Math.Max(1, notifications / 20), cancellationToken);
            await IdleAsync(root, trigger, cancellationToken);
        }
        finally
        {
            await root.KillAsync(Patience, CancellationToken.None);
            await root.RemoveAsync(Patience, CancellationToken.None);
            files?.Dispose();
        }
    }

    // Freezing an empty cgroup changes its cgroup.events within the write; the kernel tells of that as it does of memory.events.
    private async Task ChangesAsync(Cgroup root, LimitFiles files, string when, int notifications, CancellationToken cancellationToken)
    {
        string name = $"memory: event told to limit written, {when}";
        _progress(name);
        Series series = _results.Of(name, Ours);
        List<Cgroup> groups = Make(root, Groups);
        ConcurrentDictionary<Cgroup, long> told = new();
        using SemaphoreSlim done = new(0);
        bool counts = false;
        using (LimitThread limits = new(files, (_, time) =>
        {
            if (counts)
            {
                series.Add(time.TotalMilliseconds);
            }

            done.Release();
        }))
        {
            List<MemoryWatch> watches =
                [.. groups.Select(g => MemoryWatch.Open(g, null, "cgroup.events", "memory.pressure", _ => limits.Wake(g, told[g])))];
            try
            {
                for (int i = -100; i < notifications; i++)
                {
                    counts = i >= 0;
                    Cgroup group = groups[(i + 100) % Groups];
                    bool freeze = (i + 100) / Groups % 2 == 0;
                    using (KernelDirectory directory = KernelDirectory.Open(group.Path))
                    {
                        told[group] = Stopwatch.GetTimestamp();
                        directory.Write("cgroup.freeze", freeze ? "1" : "0");
                    }

                    if (!await done.WaitAsync(Patience, cancellationToken))
                    {
                        _results.Fail(name, Ours, $"notification {i} was not heard within {Patience.TotalSeconds:0} s");
                        return;
                    }

                    await Task.Delay(Apart, cancellationToken);
                }
            }
            finally
            {
                watches.ForEach(w => w.Dispose());
            }
        }

        Judge(series, name);
        await RemoveAsync(groups);
    }

    // Stalls for the CPU stand for stalls for memory: the trigger, its file and the way of the wake-up are the same.
    private async Task StallsAsync(Cgroup root, LimitFiles files, StallTrigger trigger, int wanted, CancellationToken cancellationToken)
    {
        string name = $"memory: stall heard to limit written, {Stalled} busy loops";
        _progress($"{name} ({trigger.Threshold.TotalMilliseconds:0} ms in {trigger.Window.TotalMilliseconds:0} ms)");
        Series series = _results.Of(name, Ours);
        List<Cgroup> groups = Make(root, Stalled);
        using SemaphoreSlim done = new(0);
        using (BusyLoops busy = new())
        using (LimitThread limits = new(files, (_, time) =>
        {
            series.Add(time.TotalMilliseconds);
            done.Release();
        }))
        {
            // The kernel looks at a cgroup's stalls in rounds that begin with its first task: spread, they are not told all at once. All
            // have moved before anything is timed: a move holds the kernel's lock of all cgroups.
            foreach (Cgroup group in groups)
            {
                group.MoveHere(busy.Start());
                await Task.Delay(trigger.Window / groups.Count, cancellationToken);
            }

            List<MemoryWatch> watches =
                [.. groups.Select(g => MemoryWatch.Open(g, trigger, "none", "cpu.pressure", _ => limits.Wake(g, Stopwatch.GetTimestamp())))];
            try
            {
                for (int i = 0; i < wanted; i++)
                {
                    if (!await done.WaitAsync(Patience, cancellationToken))
                    {
                        _results.Fail(name, Ours, $"no stall was told within {Patience.TotalSeconds:0} s");
                        return;
                    }
                }
            }
            finally
            {
                watches.ForEach(w => w.Dispose());
            }
        }

        Judge(series, name);
        await RemoveAsync(groups);
    }

    private async Task IdleAsync(Cgroup root, StallTrigger trigger, CancellationToken cancellationToken)
    {
        _progress($"memory: {Idle} watches that hear nothing");
        List<Cgroup> groups = Make(root, Idle);
        int descriptors = Descriptors();
        int threads = KernelThreads();
        List<MemoryWatch> watches = [.. groups.Select(g => MemoryWatch.Open(g, trigger, "cgroup.events", "memory.pressure", _ => { }))];
        try
        {
            Add("descriptors of one watch", "", (Descriptors() - descriptors) / (double)Idle);
            Add($"kernel threads (psimon) for {Idle} watches", "", KernelThreads() - threads);
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            TimeSpan before = Environment.CpuUsage.TotalTime;
            await Task.Delay(TimeSpan.FromSeconds(10), cancellationToken);
            Add($"CPU time of {Idle} idle watches in 10 s", "ms", (Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        }
        finally
        {
            watches.ForEach(w => w.Dispose());
        }

        await RemoveAsync(groups);
    }

    private void Judge(Series series, string name)
    {
        Add($"{name}: slowest", "ms", series.Percentile(1));
        if (series.Percentile(0.5) > MostP50 || series.Percentile(0.99) > MostP99)
        {
            _results.Fail(name, Ours, string.Create(
                CultureInfo.InvariantCulture, $"p50 {series.Percentile(0.5):0.0} ms and p99 {series.Percentile(0.99):0.0} ms, where {MostP50} and {MostP99} are the most"));
        }
    }

    private void Add(string name, string unit, double value) => _figures.Add(new Figure(name, unit, Ours, value));

    private static List<Cgroup> Make(Cgroup root, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Cgroup.Create(root, string.Create(CultureInfo.InvariantCulture, $"g{i}")))];

    private static async Task RemoveAsync(List<Cgroup> groups)
    {
        foreach (Cgroup group in groups)
        {
            await group.RemoveAsync(Patience);
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static int KernelThreads() => Directory.EnumerateDirectories("/proc")
        .Count(process => ProcessTable.Read($"{process}/comm")?.StartsWith("psimon", StringComparison.Ordinal) == true);
}
