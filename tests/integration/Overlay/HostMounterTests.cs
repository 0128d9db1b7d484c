using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Host directories put into a slot's tree and taken out, with processes in it.</summary>
[Collection(nameof(CountsDescriptors))]
public sealed class HostMounterTests : IDisposable
{
    private readonly TestDirectory _directory = new(memory: Environment.IsPrivilegedProcess);
    private readonly NamespaceThread? _namespaces = Environment.IsPrivilegedProcess ? NamespaceThread.Start() : null;

    private HostMounter Mounter => new(_namespaces!);

    public void Dispose()
    {
        _namespaces?.Dispose();
        _directory.Dispose();
    }

    [HostFact(Need.Overlay)]
    public async Task A_directory_is_seen_at_once_and_gone_at_once_and_the_host_notices_nothing()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("live", slot);
        File.WriteAllText(_directory.Make("zone/data") + "/file", "text");
        string[] hostBefore = MountPoints(Environment.ProcessId);
        string[] before = MountPoints(test.ProcessId);

        ulong number = Put(slot, root, "data", "/deep/data", writable: false);

        Assert.Equal("text", test.Run("/bin/cat", "/deep/data/file"));
        File.WriteAllText(_directory["zone/data/later"], "new");
        Assert.Equal("new", test.Run("/bin/cat", "/deep/data/later"));
        MountEntry entry = Assert.Single(MountInfo.Read(test.ProcessId), m => m.Id == number);
        Assert.Equal(("/deep/data", null, null), (entry.MountPoint, entry.SharedGroup, entry.MasterGroup));
        Assert.All(["ro", "nosuid", "nodev"], option => Assert.Contains(option, entry.Options.Split(',')));
        Assert.Contains(number, HostMounter.Numbers(slot));
        Assert.Equal(hostBefore, MountPoints(Environment.ProcessId));

        Assert.Equal(Detachment.Done, Mounter.Detach(slot, root, number));
        Assert.Equal("", test.Run("/bin/ls", "/deep/data"));
        Assert.Equal(before, MountPoints(test.ProcessId));
        Assert.Equal(hostBefore, MountPoints(Environment.ProcessId));
        Assert.Equal(Detachment.NotThere, Mounter.Detach(slot, root, number));
    }

    [HostFact(Need.Overlay)]
    public async Task A_file_that_is_open_outlives_the_mount()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("open", slot);
        File.WriteAllText(_directory.Make("zone/data") + "/file", "text");
        ulong number = Put(slot, root, "data", "/data", writable: false);
        Task<string> reader = Task.Run(() => test.Run("/bin/sh", "-c", "exec 3</data/file; : > /opened; while [ -e /data/file ]; do sleep 0.01; done; cat <&3"));
        using SafeFileHandle tree = Files.Open(root, ".", OpenFlags.PathOnly);
        while (Files.TryStat(tree, "opened", out _) is null)
        {
            await Task.Delay(5);
        }

        Mounter.Detach(slot, root, number);

        Assert.Equal("text", await reader.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [HostFact(Need.Overlay)]
    public async Task What_is_mounted_below_comes_along_read_only_too_and_later_mounts_stay_apart()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("deep", slot);
        string zone = _directory.Make("zone/data");
        Mounts.Mount(zone, zone, null, MountFlags.Bind);
        Mounts.Mount("none", zone, null, MountFlags.Shared);
        Mounts.Mount("tmpfs", _directory.Make("zone/data/inner"), "tmpfs", MountFlags.None);
        File.WriteAllText(zone + "/inner/file", "inner");
        string[] hostBefore = MountPoints(Environment.ProcessId);

        ulong readOnly = Put(slot, root, "data", "/ro", writable: false);
        ulong writable = Put(slot, root, "data", "/rw", writable: true);

        Assert.Equal("inner", test.Run("/bin/cat", "/ro/inner/file"));
        Assert.Throws<InvalidOperationException>(() => test.Run("/bin/touch", "/ro/inner/file"));
        Assert.Throws<InvalidOperationException>(() => test.Run("/bin/touch", "/ro/x"));
        test.Run("/bin/touch", "/rw/inner/written", "/rw/written");
        Assert.True(File.Exists(zone + "/inner/written") && File.Exists(zone + "/written"));
        Mounts.Mount("tmpfs", _directory.Make("zone/data/later"), "tmpfs", MountFlags.None);
        Assert.DoesNotContain(MountInfo.Read(test.ProcessId), m => m.MountPoint.EndsWith("/later", StringComparison.Ordinal));
        Mounts.Unmount(zone + "/later");

        Assert.Equal(Detachment.Done, Mounter.Detach(slot, root, readOnly));
        Assert.Equal(Detachment.Done, Mounter.Detach(slot, root, writable));
        Assert.Equal(hostBefore, MountPoints(Environment.ProcessId));
        Assert.Equal("inner", File.ReadAllText(zone + "/inner/file"));
    }

    [HostFact(Need.Overlay)]
    public async Task One_that_is_covered_is_left_alone_and_one_that_was_moved_with_its_parent_is_found()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("cover", slot);
        _directory.Make("zone/data");
        ulong under = Put(slot, root, "data", "/a/b", writable: false);
        ulong over = Put(slot, root, "data", "/a", writable: false);

        Assert.Equal(Detachment.Covered, Mounter.Detach(slot, root, under));
        Assert.Equal(Detachment.Done, Mounter.Detach(slot, root, over));
        test.Run("/bin/mv", "/a", "/moved");
        test.Run("/bin/mkdir", "-p", "/a/b");
        Assert.Equal(Detachment.Done, Mounter.Detach(slot, root, under));
    }

    [HostFact(Need.Overlay)]
    public async Task Mount_points_are_found_through_links_inside_the_tree_only()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("links", slot);
        string outside = _directory.Make("outside");
        test.Run("/bin/sh", "-c", $"mkdir /real; ln -s /real /link; ln -s /proc/self /magic; ln -s ../dev /devices; ln -s {outside} /away; echo x > /plain; ln -s ../../../../.. /up");

        using (MountPoint inside = MountPoint.Ensure(root, "/link/sub"))
        {
            Assert.Null(inside.Mounted);
        }

        Assert.Equal("yes\n", test.Run("/bin/sh", "-c", "test -d /real/sub && echo yes"));
        using (MountPoint.Ensure(root, "/up/made"))
        using (MountPoint.Ensure(root, "/away/made"))
        {
            Assert.Empty(Directory.GetFileSystemEntries(outside));
        }

        Assert.Equal("yes\n", test.Run("/bin/sh", "-c", $"test -d /made && test -d {outside}/made && echo yes"));
        foreach (string kernels in (string[])["/magic", "/magic/fd", "/devices/shm", "/proc/x", "/link/../sys"])
        {
            Assert.Equal(TreeObstacle.Kernels, Assert.Throws<TreeFileException>(() => MountPoint.Ensure(root, kernels)).Obstacle);
        }

        foreach (string blocked in (string[])["/plain", "/plain/x", "/etc/hostname/x"])
        {
            Assert.Equal(TreeObstacle.NoDirectory, Assert.Throws<TreeFileException>(() => MountPoint.Ensure(root, blocked)).Obstacle);
        }

        ulong number = Put(slot, root, "", "/link/sub", writable: false);
        using MountPoint again = MountPoint.Ensure(root, "/real/sub");
        Assert.Equal(number, again.Mounted);
    }

    [HostFact(Need.Overlay)]
    public async Task Nothing_is_left_of_a_copy_that_was_never_attached()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        using SafeFileHandle root = await TreeAsync("never", slot);
        _directory.Make("zone/data");
        string[] before = MountPoints(Environment.ProcessId);
        int descriptors = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 20; i++)
        {
            using HostDirectory source = HostDirectory.Open(_directory["zone"], "data");
            using HostMount copy = HostMount.Copy(source, writable: true);
            Assert.DoesNotContain(copy.Number, HostMounter.Numbers(slot));
        }

        Assert.Equal(before, MountPoints(Environment.ProcessId));
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, descriptors + 9);
    }

    private ulong Put(SlotNamespaces slot, SafeFileHandle root, string path, string at, bool writable)
    {
        using HostDirectory source = HostDirectory.Open(_directory.Make("zone"), path);
        using HostMount copy = HostMount.Copy(source, writable);
        using MountPoint point = MountPoint.Ensure(root, at);
        Mounter.Attach(slot, copy, point);
        return copy.Number;
    }

    private async Task<SafeFileHandle> TreeAsync(string name, SlotNamespaces slot)
    {
        var mounter = new TreeMounter(_namespaces!, new TreeMounterOptions { StagingDirectory = _directory["staging"] });
        return await mounter.MountAsync(
            new TreePlan { Lowers = ["/"], Upper = _directory.Make($"{name}-upper"), Work = _directory.Make($"{name}-work") }, slot);
    }

    private static string[] MountPoints(int processId) => [.. MountInfo.Read(processId).Select(mount => $"{mount.Id} {mount.MountPoint} {mount.Type}")];
}
