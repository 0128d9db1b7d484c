using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Cgroups;

/// <summary>What a kernel that refuses, or a cgroup that vanishes, comes to.</summary>
public sealed class KernelRefusalTests
{
    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_read_only_cgroupfs_is_named_with_file_and_value()
    {
        await using TestCgroup test = new();
        using TestDirectory directory = new();
        string place = directory.Make("cgroup");
        using (SafeFileHandle clone = Mounts.OpenTree(Descriptors.WorkingDirectory, test.Hierarchy.Root, OpenTreeFlags.Clone))
        using (SafeFileHandle target = Files.Open(place, OpenFlags.PathOnly))
        {
            Mounts.SetAttributes(clone, MountAttributes.ReadOnly, makePrivate: true, recursive: false);
            Mounts.Move(clone, target);
        }

        try
        {
            var group = Cgroup.Open(Path.Combine(place, test.Name));
            Assert.Equal(test.Group.Inode, group.Inode);

            KernelFileException write = await Assert.ThrowsAsync<KernelFileException>(() => group.FreezeAsync(TimeSpan.FromSeconds(1)));
            Assert.Equal($"write '1' to {group.Path}/cgroup.freeze: EROFS (Read-only file system)", write.Message);
            Assert.Equal(Errno.EROFS, write.Errno);
            Assert.Equal(
                $"write '{Environment.ProcessId}' to {group.Path}/cgroup.procs: EROFS (Read-only file system)",
                Assert.Throws<KernelFileException>(() => group.MoveHere(Environment.ProcessId)).Message);
            Assert.Equal(
                $"make {group.Path}/a: EROFS (Read-only file system)",
                Assert.Throws<KernelFileException>(() => Cgroup.Create(group, "a")).Message);
            Assert.Equal(
                $"write 'some 100000 2000000' to {group.Path}/memory.pressure: EROFS (Read-only file system)",
                Assert.Throws<KernelFileException>(() => MemoryWatch.Open(
                    group, new StallTrigger(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), null), _ => { })).Message);
            Assert.False(group.ReadEvents().Populated);
        }
        finally
        {
            Mounts.Unmount(place);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task A_cgroup_that_vanishes_between_two_reads_gives_no_figure_and_no_error()
    {
        await using TestCgroup test = new();
        var vanishing = Cgroup.Create(test.Group, "a");
        using KernelDirectory directory = KernelDirectory.Open(vanishing.Path);
        using SafeFileHandle open = directory.TryOpenFile("memory.pressure")!;
        Assert.NotNull(directory.TryReadFile(open, "memory.pressure"));
        Assert.False(KernelFileEvents.IsGone(open));

        await vanishing.RemoveAsync(TimeSpan.FromSeconds(10));

        Assert.Null(directory.TryReadFile(open, "memory.pressure"));
        Assert.True(KernelFileEvents.IsGone(open));
        Assert.Null(directory.TryRead("cgroup.events"));
        Assert.Null(vanishing.TryReadSample(test.Group, TimeSpan.Zero));
        Assert.Null(test.Group.TryReadSample(vanishing, TimeSpan.Zero));
        Assert.Equal(0, vanishing.Reclaim(1 << 20, TimeSpan.FromSeconds(1)));
        Assert.Equal(
            $"open {vanishing.Path}: the cgroup with inode {vanishing.Inode} is gone",
            Assert.Throws<KernelFileException>(() => vanishing.SetMemoryHigh(1)).Message);
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Samples_of_cgroups_that_come_and_go_never_fail()
    {
        await using TestCgroup test = new();
        using CancellationTokenSource end = new();
        string path = Path.Combine(test.Group.Path, "a");
        Task<int> reader = Task.Run(() =>
        {
            int found = 0;
            while (!end.IsCancellationRequested)
            {
                // Without a memory controller no sample is whole, but memory.pressure is read of all the same.
                if (Cgroup.TryOpen(path) is { } group)
                {
                    found++;
                    _ = group.TryReadSample(group, TimeSpan.Zero);
                }
            }

            return found;
        });

        for (int i = 0; i < 500; i++)
        {
            await Cgroup.Create(test.Group, "a").RemoveAsync(TimeSpan.FromSeconds(10));
        }

        await end.CancelAsync();
        Assert.True(await reader > 0);
    }

    [HostFact(Need.CgroupV2)]
    public void Without_the_capability_stalls_are_watched_over_two_seconds()
    {
        const int Resource = 24; // CAP_SYS_RESOURCE
        string effective = File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapEff:", StringComparison.Ordinal))["CapEff:".Length..];
        bool isAllowed = (Convert.ToUInt64(effective.Trim(), 16) >> Resource & 1) == 1;

        StallTrigger? chosen = StallTrigger.Choose(TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(500));

        Assert.Equal(
            isAllowed
                ? new StallTrigger(TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(500), null)
                : new StallTrigger(
                    TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2),
                    "stalls are watched over 2000 ms and not over 500 ms, because without CAP_SYS_RESOURCE the kernel takes multiples of 2 s only"),
            chosen);
    }
}
