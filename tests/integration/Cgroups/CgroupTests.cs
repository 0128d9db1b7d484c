using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Cgroups;

public sealed class CgroupTests(ITestOutputHelper output)
{
    // Counts in a file, so that a test can see whether it runs.
    private const string Counter = "i=0; while :; do i=$((i+1)); echo $i > $F; done";

    [HostFact(Need.Root, Need.CgroupV2)]
    public void The_hierarchy_of_this_host_is_found()
    {
        CgroupHierarchy hierarchy = CgroupHierarchy.Detect();

        Assert.NotEqual(CgroupMode.None, hierarchy.Mode);
        Assert.True(File.Exists(Path.Combine(hierarchy.Root, "cgroup.controllers")));
        Assert.Equal(
            ControllerList.Parse(File.ReadAllText(Path.Combine(hierarchy.Root, "cgroup.controllers"))), hierarchy.ControllersAt("sleigh-none/at/all"));
        Assert.Equal(hierarchy.ControllersAt("sleigh").HasFlag(Controllers.Memory), hierarchy.CanLimitMemory("sleigh"));
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_path_is_made_once_and_its_controllers_enabled()
    {
        await using TestCgroup test = new();

        Cgroup leaf = test.Hierarchy.OpenOrCreate($"{test.Name}/a/b");

        Assert.Equal(leaf, test.Hierarchy.OpenOrCreate($"{test.Name}/a/b"));
        Assert.Equal(test.Hierarchy.ControllersAt(""), test.Hierarchy.EnableControllers($"{test.Name}/a/b", Controllers.All) | leaf.ReadControllers());
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_frozen_tree_stands_still_and_runs_on()
    {
        await using TestCgroup test = new();
        Cgroup child = Cgroup.Create(test.Group, "child");
        string file = Path.GetTempFileName();
        test.Start(child, $"F={file}; {Counter}");
        test.Start(test.Group, "sleep 1000");

        await test.Group.FreezeAsync(TimeSpan.FromSeconds(5));
        Assert.True(test.Group.ReadEvents().Frozen);
        string before = await File.ReadAllTextAsync(file);
        await Task.Delay(50);
        Assert.Equal(before, await File.ReadAllTextAsync(file));

        test.Group.Thaw();
        Assert.False(test.Group.ReadEvents().Frozen);
        await Until(() => File.ReadAllText(file) is { Length: > 0 } now && now != before);
        File.Delete(file);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Freezing_is_noticed_at_once_and_not_at_the_next_look()
    {
        await using TestCgroup test = new();
        for (int i = 0; i < 5; i++)
        {
            test.Start(test.Group, "sleep 1000");
        }

        double[] times = new double[200];
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await test.Group.FreezeAsync(TimeSpan.FromSeconds(5));
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            test.Group.Thaw();
            await Task.Delay(1);
        }

        Array.Sort(times);
        output.WriteLine($"freeze of 5 processes: p50 {times[100]:F3} ms, p95 {times[190]:F3} ms");
        Assert.InRange(times[100], 0, 20);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task An_empty_cgroup_freezes_at_once()
    {
        await using TestCgroup test = new();

        await test.Group.FreezeAsync(TimeSpan.FromSeconds(1));

        Assert.True(test.Group.ReadEvents().Frozen);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_killed_tree_is_empty_even_when_frozen()
    {
        await using TestCgroup test = new();
        Cgroup child = Cgroup.Create(test.Group, "child");
        test.Start(child, "trap '' TERM; (while :; do sleep 1; done) & (while :; do sleep 1; done) & wait");
        test.Start(test.Group, "sleep 1000");
        await test.Group.FreezeAsync(TimeSpan.FromSeconds(5));

        long start = Stopwatch.GetTimestamp();
        Assert.True(await test.Group.KillAsync(TimeSpan.FromSeconds(5)));
        output.WriteLine($"kill to empty: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F3} ms");

        Assert.Empty(test.Group.ReadAllProcesses());
        Assert.False(test.Group.ReadEvents().Populated);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Without_cgroup_kill_no_fork_escapes()
    {
        await using TestCgroup test = new();
        Cgroup child = Cgroup.Create(test.Group, "child");
        // Each process forks and ends all the time: a list of ids is old before it is read.
        test.Start(child, "f() { (sleep 0.005; f) & }; f; f; f; f; wait");
        test.Start(test.Group, "while :; do /bin/true; done");

        using (KernelDirectory directory = KernelDirectory.Open(test.Group.Path))
        {
            test.Group.KillOneByOne(directory);
        }

        Assert.True(await test.Group.WaitEmptyAsync(TimeSpan.FromSeconds(5)));
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Terminate_reaches_every_process_below()
    {
        await using TestCgroup test = new();
        Cgroup child = Cgroup.Create(test.Group, "child");
        test.Start(child, "exec sleep 1000");
        test.Start(test.Group, "exec sleep 1000");

        Assert.Equal(2, test.Group.TerminateAll());

        Assert.True(await test.Group.WaitEmptyAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(0, test.Group.TerminateAll());
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Waiting_ends_with_the_last_process()
    {
        await using TestCgroup test = new();
        test.Start(test.Group, "exec sleep 0.2");

        Assert.False(await test.Group.WaitEmptyAsync(TimeSpan.FromMilliseconds(20)));
        Task[] waits = [.. Enumerable.Range(0, 20).Select(_ => test.Group.WaitEmptyAsync())];
        await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(5));

        Assert.False(test.Group.ReadEvents().Populated);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Waiting_can_be_cancelled()
    {
        await using TestCgroup test = new();
        test.Start(test.Group, "exec sleep 1000");
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(30));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.Group.WaitEmptyAsync(source.Token));
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_cgroup_in_use_is_not_removed()
    {
        await using TestCgroup test = new();
        Cgroup child = Cgroup.Create(test.Group, "child");
        Process process = test.Start(child, "exec sleep 1000");

        TimeoutException error = await Assert.ThrowsAsync<TimeoutException>(() => child.RemoveAsync(TimeSpan.FromMilliseconds(50)));

        Assert.Equal($"remove {child.Path}: still in use after 50 ms by processes {process.Id}", error.Message);
        Assert.True(child.Exists);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Removing_waits_for_the_last_process_and_takes_what_is_below()
    {
        await using TestCgroup test = new();
        Cgroup leaf = Cgroup.Create(Cgroup.Create(test.Group, "a"), "b");
        test.Start(leaf, "exec sleep 1000");
        leaf.Kill();

        await test.Group.Children()[0].RemoveAsync(TimeSpan.FromSeconds(5));

        Assert.Empty(test.Group.Children());
        Assert.False(leaf.Exists);
        Assert.Empty(leaf.ReadProcesses());
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Used_time_is_counted()
    {
        await using TestCgroup test = new();
        Process process = test.Start(test.Group, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
        await process.WaitForExitAsync();

        CgroupUsage usage = test.Group.ReadUsage();

        Assert.InRange(usage.Cpu!.Value.Usage.TotalMilliseconds, 10, 60_000);
        if (!test.Group.ReadControllers().HasFlag(Controllers.Memory))
        {
            Assert.Null(usage.MemoryCurrent);
            Assert.Null(usage.MemoryEvents);
            Assert.False(test.Group.SetMemoryMax(1 << 30));
        }
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task The_directory_handle_is_the_cgroup()
    {
        await using TestCgroup test = new();

        using SafeFileHandle directory = test.Group.OpenDirectory();

        Assert.Equal(test.Group.Inode, Sleigh.Linux.Files.Stat(directory).Inode);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task No_descriptor_is_left()
    {
        await using TestCgroup test = new();
        await Cycle();
        int before = Directory.GetFiles("/proc/self/fd").Length;

        for (int i = 0; i < 20; i++)
        {
            await Cycle();
        }

        // Other tests may open and close files meanwhile; a leak here would be 20 at least.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 15);

        async Task Cycle()
        {
            Cgroup leaf = Cgroup.Create(test.Group, "leaf");
            await leaf.FreezeAsync(TimeSpan.FromSeconds(5));
            leaf.Thaw();
            await leaf.KillAsync(TimeSpan.FromSeconds(5));
            _ = leaf.ReadUsage();
            await leaf.RemoveAsync(TimeSpan.FromSeconds(5));
        }
    }

    private static async Task Until(Func<bool> reached)
    {
        for (int i = 0; i < 500; i++)
        {
            if (reached())
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail("not reached in 5 s");
    }
}
