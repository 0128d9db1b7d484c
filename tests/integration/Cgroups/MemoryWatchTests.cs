using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Cgroups;

/// <summary>
/// The notifications of the kernel at hand. Where it has no memory controller, <c>cgroup.events</c> stands for
/// <c>memory.events</c> (both tell through kernfs_notify), and <c>cpu.pressure</c> for <c>memory.pressure</c>: stalls for the CPU can be made
/// anywhere.
/// </summary>
public sealed class MemoryWatchTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    // As quick as this process may have it: CAP_SYS_RESOURCE is not everywhere.
    private static readonly StallTrigger Quick = StallTrigger.Choose(TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(500))
        ?? throw new InvalidOperationException("this kernel has no PSI");

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_stall_wakes_the_watch()
    {
        await using TestCgroup test = new();
        using BlockingCollection<GrowthTrigger> wakes = [];
        using var watch = MemoryWatch.Open(test.Group, Quick, "none", "cpu.pressure", wakes.Add);
        Assert.Equal((false, true, 1), (watch.HearsEvents, watch.HearsStalls, watch.Descriptors));
        Assert.False(wakes.TryTake(out _, Quick.Window), "nothing runs, so nothing stalls");

        for (int i = 0; i <= Environment.ProcessorCount; i++)
        {
            test.Start(test.Group, "while :; do :; done");
        }

        Assert.True(wakes.TryTake(out GrowthTrigger trigger, Patience));
        Assert.Equal(GrowthTrigger.Psi, trigger);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_changed_events_file_wakes_the_watch_and_an_old_change_does_not()
    {
        await using TestCgroup test = new();
        Process first = test.Start(test.Group, "exec sleep 1000");
        using BlockingCollection<GrowthTrigger> wakes = [];
        using var watch = MemoryWatch.Open(test.Group, null, "cgroup.events", "memory.pressure", wakes.Add);
        Assert.Equal((true, false, 1), (watch.HearsEvents, watch.HearsStalls, watch.Descriptors));
        Assert.False(wakes.TryTake(out _, TimeSpan.FromMilliseconds(100)), "it was populated before");

        first.Kill();

        Assert.True(wakes.TryTake(out GrowthTrigger trigger, Patience));
        Assert.Equal(GrowthTrigger.High, trigger);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_watch_on_this_host_hears_what_its_controllers_have()
    {
        await using TestCgroup test = new();
        using var watch = MemoryWatch.Open(test.Group, Quick, _ => { });

        Assert.Equal(test.Group.ReadControllers().HasFlag(Controllers.Memory), watch.HearsEvents);
        Assert.True(watch.HearsStalls);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_removed_cgroup_is_told_once_and_ends_the_watch_without_spinning()
    {
        await using TestCgroup test = new();
        var watched = Cgroup.Create(test.Group, "a");
        using BlockingCollection<GrowthTrigger> wakes = [];
        using var watch = MemoryWatch.Open(watched, Quick, "cgroup.events", "memory.pressure", wakes.Add);
        Assert.Equal(2, watch.Descriptors);

        await watched.RemoveAsync(Patience);

        Assert.True(wakes.TryTake(out _, Patience));
        TimeSpan before = CpuOfTheWatchingThread();
        Assert.False(wakes.TryTake(out GrowthTrigger more, TimeSpan.FromSeconds(2)), $"a second wake-up: {more}");
        TimeSpan used = CpuOfTheWatchingThread() - before;
        output.WriteLine($"CPU of the watching thread in 2 s after the removal: {used.TotalMilliseconds:F0} ms");
        Assert.True(used < TimeSpan.FromMilliseconds(100), $"{used.TotalMilliseconds} ms of CPU in 2 s");
        Assert.Equal((false, false, 0), (watch.HearsEvents, watch.HearsStalls, watch.Descriptors));
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_disposed_watch_is_silent_and_holds_nothing()
    {
        await using TestCgroup test = new();
        using BlockingCollection<GrowthTrigger> wakes = [];
        var watch = MemoryWatch.Open(test.Group, Quick, "cgroup.events", "memory.pressure", wakes.Add);
        watch.Dispose();
        watch.Dispose();

        test.Start(test.Group, "exec sleep 1000");

        Assert.False(wakes.TryTake(out _, TimeSpan.FromMilliseconds(200)));
        Assert.Equal(0, watch.Descriptors);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Watching_a_cgroup_that_is_gone_is_refused()
    {
        await using TestCgroup test = new();
        var gone = Cgroup.Create(test.Group, "a");
        await gone.RemoveAsync(Patience);

        Assert.Equal(
            $"open {gone.Path}: the cgroup with inode {gone.Inode} is gone",
            Assert.Throws<KernelFileException>(() => MemoryWatch.Open(gone, null, _ => { })).Message);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_trigger_the_kernel_does_not_take_is_refused_with_its_text()
    {
        await using TestCgroup test = new();
        StallTrigger tooShort = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(100), null);

        Assert.Equal(
            $"write 'some 5000 100000' to {test.Group.Path}/memory.pressure: EINVAL (Invalid argument)",
            Assert.Throws<KernelFileException>(() => MemoryWatch.Open(test.Group, tooShort, _ => { })).Message);
    }

    private static TimeSpan CpuOfTheWatchingThread()
    {
        // The kernel cuts a thread's name off after 15 characters.
        string task = Directory.GetDirectories("/proc/self/task").Single(t => File.ReadAllText($"{t}/comm") == "kernel-file-eve\n");
        string[] fields = File.ReadAllText($"{task}/stat").Split(") ")[^1].Split(' ');
        long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(ticks / 100.0);
    }
}
