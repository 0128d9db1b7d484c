using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Trees over a parked container, each way that kernels from 6.1 on have.</summary>
[Collection(nameof(CountsDescriptors))]
public sealed class TreeMounterTests : IDisposable
{
    private static readonly OverlayMethod[] Methods =
        [OverlayMethod.Configured, OverlayMethod.OptionText];

    private readonly TestDirectory _directory = new(memory: Environment.IsPrivilegedProcess);
    private readonly NamespaceThread? _namespaces = Environment.IsPrivilegedProcess ? NamespaceThread.Start() : null;

    public void Dispose()
    {
        _namespaces?.Dispose();
        _directory.Dispose();
    }

    [HostFact(Need.Overlay)]
    public async Task A_mounted_tree_is_all_that_its_processes_see()
    {
        foreach (OverlayMethod method in Methods)
        {
            using var test = new TestSlot(_directory);
            using SlotNamespaces slot = test.Open();
            var mounter = Mounter(method);
            TreePlan plan = Plan($"see-{method}") with
            {
                OwnFiles = [new OwnFile("/etc/hosts", "127.0.0.1 me\n")],
                HostName = "box-1",
            };

            using SafeFileHandle root = await mounter.MountAsync(plan, slot);

            string mounts = test.Run("/bin/cat", "/proc/self/mountinfo");
            IReadOnlyList<MountEntry> seen = MountInfo.Parse(mounts);
            Assert.Equal("overlay", seen[0].Type);
            Assert.Equal("/", seen[0].MountPoint);
            Assert.Contains("nodev", seen[0].Options, StringComparison.Ordinal);
            Assert.DoesNotContain("nosuid", seen[0].Options, StringComparison.Ordinal);
            Assert.All(seen, mount => Assert.Null(mount.SharedGroup));
            Assert.DoesNotContain(_directory.Path + "/see", mounts, StringComparison.Ordinal);
            Assert.Equal("", test.Run("/bin/cat", "/proc/keys")); // the mask came along
            Assert.Equal("box-1\n", test.Run("/bin/cat", "/proc/sys/kernel/hostname"));
            Assert.Equal("127.0.0.1 me\n", test.Run("/bin/cat", "/etc/hosts"));
            Assert.Equal("yes\n", test.Run("/bin/sh", "-c", "test -e /skeleton-marker || echo yes"));
            Assert.Equal("1777 tmpfs\n", test.Run("/bin/sh", "-c", "stat -f -c %T /dev/shm >/dev/null; echo $(stat -c %a /dev/shm) $(stat -f -c %T /dev/shm)"));

            test.Run("/bin/sh", "-c", "echo new > /written; rm /lower-file; echo x >> /etc/hosts; echo z > /dev/null");
            Assert.Equal("new\n", File.ReadAllText($"{plan.Upper}/written"));
            Assert.Equal("127.0.0.1 me\nx\n", test.Run("/bin/cat", "/etc/hosts"));

            await mounter.DetachAsync(slot, root);
            Assert.False(await mounter.IsTreeMountedAsync(slot));
        }
    }

    [HostFact(Need.Overlay)]
    public async Task Own_files_are_full_at_256_KiB_and_lie_on_nothing_of_the_hosts()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        var mounter = Mounter(null);
        string[] before = MountPoints(test);
        using SafeFileHandle root = await mounter.MountAsync(
            Plan("full") with { OwnFiles = [new("/etc/hosts", "mine\n"), new("/etc/hostname", "box\n"), new("/etc/machine-id", "7\n", ReadOnly: true)] }, slot);

        Assert.Equal("refused\n", test.Run("/bin/sh", "-c", "head -c 1048576 /dev/zero > /etc/hosts 2> /dev/null || echo refused"));
        Assert.InRange(long.Parse(test.Run("/bin/sh", "-c", "stat -c %s /etc/hosts"), CultureInfo.InvariantCulture), 128 << 10, 256 << 10);
        Assert.Equal("refused\n", test.Run("/bin/sh", "-c", "(head -c 1048576 /dev/zero >> /etc/hostname) 2> /dev/null || echo refused"));
        Assert.Equal("again\n", test.Run("/bin/sh", "-c", "echo again > /etc/hosts; cat /etc/hosts"));
        Assert.Equal("refused\n7\n", test.Run("/bin/sh", "-c", "(echo 8 > /etc/machine-id) 2> /dev/null || echo refused; cat /etc/machine-id"));
        Assert.Equal("refused\n", test.Run("/bin/sh", "-c", "cp /bin/true /etc/hostname 2> /dev/null; chmod 755 /etc/hostname; /etc/hostname 2> /dev/null || echo refused"));
        MountEntry[] own = [.. MountInfo.Parse(test.Run("/bin/cat", "/proc/self/mountinfo")).Where(mount => mount.MountPoint.StartsWith("/etc/", StringComparison.Ordinal))];
        Assert.Equal(3, own.Length);
        Assert.DoesNotContain(MountInfo.Read(), mount => mount.Device == own[0].Device);

        await mounter.DetachAsync(slot, root);
        Assert.Equal(before, MountPoints(test));
    }

    [HostFact(Need.Overlay)]
    public async Task Detaching_leaves_the_slot_as_it_was_parked()
    {
        foreach (OverlayMethod method in Methods)
        {
            using var test = new TestSlot(_directory);
            using SlotNamespaces slot = test.Open();
            string[] before = MountPoints(test);
            var mounter = Mounter(method);
            for (int i = 0; i < 3; i++)
            {
                using SafeFileHandle root = await mounter.MountAsync(Plan($"leave-{method}-{i}"), slot);
                Assert.True(await mounter.IsTreeMountedAsync(slot));
                await mounter.DetachAsync(slot, root);
            }

            Assert.Equal(before, MountPoints(test));
            await Assert.ThrowsAsync<KernelException>(() => mounter.DetachAsync(slot, slot.HostName));
        }
    }

    [HostFact(Need.Overlay)]
    public async Task A_restarted_daemon_finds_the_root_of_a_mounted_tree()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        var mounter = Mounter(null);
        Assert.Null(await mounter.OpenTreeRootAsync(slot));

        FileStatus mounted;
        using (SafeFileHandle root = await mounter.MountAsync(Plan("again"), slot))
        {
            mounted = Files.Stat(root);
        }

        using SlotNamespaces later = test.Open();
        using SafeFileHandle? found = await mounter.OpenTreeRootAsync(later);
        Assert.Equal((mounted.MountId, mounted.Inode), (Files.Stat(found!).MountId, Files.Stat(found!).Inode));
        await mounter.DetachAsync(later, found!);
        Assert.Null(await mounter.OpenTreeRootAsync(later));
    }

    [HostFact(Need.Overlay)]
    public async Task A_failed_mount_leaves_nothing()
    {
        foreach (OverlayMethod method in Methods)
        {
            using var test = new TestSlot(_directory);
            using SlotNamespaces slot = test.Open();
            string[] before = MountPoints(test);
            int descriptors = Directory.GetFiles("/proc/self/fd").Length;
            var mounter = Mounter(method);

            for (int i = 0; i < 10; i++)
            {
                // The host name is set last, so everything was attached when it fails.
                KernelException late = await Assert.ThrowsAsync<KernelException>(
                    () => mounter.MountAsync(Plan($"late-{method}") with { HostName = new string('x', 65), OwnFiles = [new("/etc/x", "")] }, slot));
                Assert.Contains("set the host name", late.Message, StringComparison.Ordinal);
                KernelException early = await Assert.ThrowsAsync<KernelException>(
                    () => mounter.MountAsync(Plan($"early-{method}") with { Upper = "/nowhere/upper" }, slot));
                Assert.Equal("open '/nowhere/upper': ENOENT (No such file or directory)", early.Message);
                KernelException own = await Assert.ThrowsAsync<KernelException>(
                    () => mounter.MountAsync(Plan($"own-{method}") with { OwnFiles = [new("/etc/x", "one"), new("/var/x", "two")] }, slot));
                Assert.Equal(Errno.EEXIST, own.Errno);
            }

            Assert.Equal(before, MountPoints(test));
            Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, descriptors + 9);
            using SafeFileHandle root = await mounter.MountAsync(Plan($"late-{method}"), slot);
            await mounter.DetachAsync(slot, root);
        }
    }

    [HostFact(Need.Overlay)]
    public async Task Forty_layers_and_a_volatile_upper_mount_each_way()
    {
        foreach (OverlayMethod method in Methods)
        {
            using var test = new TestSlot(_directory);
            using SlotNamespaces slot = test.Open();
            var lowers = Enumerable.Range(0, 40).Select(i =>
            {
                // Long names: their text alone would not fit into a page.
                string lower = _directory.Make($"{method}-{i}-{new string('l', 180)}");
                File.WriteAllText($"{lower}/layer-{i}", "");
                File.WriteAllText($"{lower}/top", $"{i}");
                return lower;
            }).ToList();
            TreePlan plan = Plan($"forty-{method}") with { Lowers = [.. lowers, "/"], Volatile = true };
            var mounter = Mounter(method);

            using SafeFileHandle root = await mounter.MountAsync(plan, slot);

            Assert.Equal("0", test.Run("/bin/cat", "/top"));
            Assert.Equal("40\n", test.Run("/bin/sh", "-c", "ls -d /layer-* | wc -l"));
            await mounter.DetachAsync(slot, root);
        }
    }

    [HostFact(Need.Overlay)]
    public async Task Mount_points_of_the_wrong_kind_are_replaced_and_never_followed()
    {
        using var test = new TestSlot(_directory);
        using SlotNamespaces slot = test.Open();
        TreePlan plan = Plan("hostile") with { Lowers = [Lower("hostile")] };
        string outside = _directory.Make("outside");
        File.CreateSymbolicLink($"{plan.Upper}/proc", outside);
        File.WriteAllText($"{plan.Upper}/dev", "a file");
        Directory.CreateDirectory($"{plan.Upper}/etc/hosts/full");
        File.CreateSymbolicLink($"{plan.Upper}/etc/hostname", "/proc/self/root/../../../../../../../../tmp");
        File.CreateSymbolicLink($"{plan.Upper}/var", "/nowhere");
        Shell.Run("mkfifo", $"{plan.Upper}/etc/resolv.conf");
        string[] targets = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/var/deep/file", "/new/other"];
        var mounter = Mounter(null);

        using SafeFileHandle root = await mounter.MountAsync(
            plan with { OwnFiles = [.. targets.Select(target => new OwnFile(target, "bound", ReadOnly: true))] }, slot);

        Assert.Empty(Directory.GetFileSystemEntries(outside));
        foreach (string target in targets)
        {
            using SafeFileHandle file = Files.Open(
                root, target, OpenFlags.ReadOnly, ResolveFlags.InRoot | ResolveFlags.NoSymlinks);
            Assert.Equal(5, RandomAccess.GetLength(file));
            Assert.Equal(Errno.EROFS, Assert.Throws<KernelException>(() => Files.Open(
                root, target, OpenFlags.WriteOnly, ResolveFlags.InRoot)).Errno);
        }

        // What lay at /etc/hosts was data: it is aside, not lost.
        Assert.Single(Directory.GetDirectories($"{plan.Upper}/etc", "hosts.replaced-*"));
        using SafeFileHandle proc = Files.Open(root, "proc/version", OpenFlags.ReadOnly, ResolveFlags.InRoot);
        await mounter.DetachAsync(slot, root);
    }

    [HostFact(Need.Overlay)]
    public void A_slot_with_shared_mounts_is_refused()
    {
        using var test = new TestSlot(_directory, shared: true);

        var refused = Assert.Throws<SharedMountsException>(test.Open);

        Assert.Contains("has shared mounts ('/'", refused.Message, StringComparison.Ordinal);
    }

    [HostFact(Need.Overlay)]
    public void A_slot_that_ended_is_refused()
    {
        int ended;
        using (var test = new TestSlot(_directory))
        {
            ended = test.ProcessId;
        }

        Assert.Equal(Errno.ESRCH, Assert.Throws<KernelException>(() => SlotNamespaces.Open(ended)).Errno);
    }

    [HostFact(Need.Overlay)]
    public async Task Many_slots_can_be_claimed_at_once()
    {
        var slots = Enumerable.Range(0, 10).Select(_ => new TestSlot(_directory)).ToList();
        try
        {
            var mounter = Mounter(null);
            SlotNamespaces[] opened = [.. slots.Select(slot => slot.Open())];
            for (int round = 0; round < 5; round++)
            {
                SafeFileHandle[] roots = await Task.WhenAll(
                    opened.Select((slot, i) => mounter.MountAsync(Plan($"many-{round}-{i}"), slot)));
                await Task.WhenAll(opened.Select((slot, i) => mounter.DetachAsync(slot, roots[i])));
                Array.ForEach(roots, root => root.Dispose());
            }

            Array.ForEach(opened, slot => slot.Dispose());
        }
        finally
        {
            slots.ForEach(slot => slot.Dispose());
        }
    }

    private TreeMounter Mounter(OverlayMethod? method) =>
        new(_namespaces!, new TreeMounterOptions { Method = method, StagingDirectory = _directory["staging"] });

    private static string[] MountPoints(TestSlot slot) =>
        [.. MountInfo.Read(slot.ProcessId).Select(mount => $"{mount.Id} {mount.MountPoint} {mount.Type}")];

    private string Lower(string name)
    {
        string lower = _directory.Make($"{name}-lower");
        File.WriteAllText($"{lower}/lower-file", "lower");
        return lower;
    }

    private TreePlan Plan(string name) => new()
    {
        Lowers = [Lower(name), "/"],
        Upper = _directory.Make($"{name}-upper"),
        Work = _directory.Make($"{name}-work"),
    };
}
