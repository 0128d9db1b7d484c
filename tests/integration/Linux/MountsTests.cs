using Microsoft.Win32.SafeHandles;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Linux;

/// <summary>The mount calls against the real kernel.</summary>
public sealed class MountsTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [HostFact(Need.Root)]
    public void A_detached_mount_is_seen_only_where_it_is_moved()
    {
        string target = _directory.Make("target");
        SafeFileHandle mount = Tmpfs("size", "64k");
        Files.MakeNode(mount, "inside", FileType.Regular, 0x1A4);
        Assert.Empty(Directory.GetFiles(target));

        using (SafeFileHandle handle = Files.Open(target, OpenFlags.PathOnly))
        {
            Mounts.Move(mount, handle);
        }

        Assert.Single(Directory.GetFiles(target));
        MountEntry entry = Find(target)!;
        Assert.Equal(("tmpfs", Files.Stat(mount).MountId), (entry.Type, entry.Id));
        Assert.Contains("nosuid,nodev,noexec", entry.Options, StringComparison.Ordinal);
        Assert.Contains("size=64k", entry.SuperOptions, StringComparison.Ordinal);
        mount.Dispose();
        Mounts.Unmount(target);
        Assert.Empty(Directory.GetFiles(target));
        Assert.Equal(Errno.EINVAL, Assert.Throws<KernelException>(() => Mounts.Unmount(target)).Errno);
    }

    [HostFact(Need.Root)]
    public void A_refused_option_is_named_with_what_the_kernel_says()
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("tmpfs");

        var error = Assert.Throws<KernelException>(() => Mounts.Configure(fileSystem, "colour", "green"));

        Assert.Equal("configure filesystem 'colour=green': EINVAL (Invalid argument): e tmpfs: Unknown parameter 'colour'", error.Message);
        Assert.Equal(Errno.ENODEV, Assert.Throws<KernelException>(() => Mounts.OpenFileSystem("nosuchfs")).Errno);
    }

    [HostFact(Need.Root)]
    public void A_cloned_tree_can_be_read_only_and_private_while_the_source_is_shared()
    {
        string source = _directory.Make("source");
        string target = _directory.Make("target");
        Mounts.Mount("tmpfs", source, "tmpfs", MountFlags.None, "size=64k");
        Mounts.Mount("none", source, null, MountFlags.Shared);
        File.WriteAllText($"{source}/file", "");
        using (SafeFileHandle clone = Mounts.OpenTree(Descriptors.WorkingDirectory, source, OpenTreeFlags.Clone))
        using (SafeFileHandle place = Files.Open(target, OpenFlags.PathOnly))
        {
            Mounts.SetAttributes(clone, MountAttributes.ReadOnly, makePrivate: true, recursive: false);
            Mounts.Move(clone, place);
        }

        Assert.NotNull(Find(source)!.SharedGroup);
        Assert.Null(Find(target)!.SharedGroup);
        Assert.Contains("ro", Find(target)!.Options.Split(','));
        Assert.Throws<IOException>(() => File.WriteAllText($"{target}/file", "x"));
        File.WriteAllText($"{source}/file", "x");
    }

    [HostFact(Need.Root)]
    public void A_busy_mount_stays_unless_detached()
    {
        string target = _directory.Make("target");
        Mounts.Mount("tmpfs", target, "tmpfs", MountFlags.None);
        using (SafeFileHandle file = Files.Open($"{target}/file", OpenFlags.WriteOnly | OpenFlags.Create, 0x180))
        {
            Assert.Equal(Errno.EBUSY, Assert.Throws<KernelException>(() => Mounts.Unmount(target)).Errno);
            Mounts.Unmount(target, detach: true);
        }

        Assert.Null(Find(target));
    }

    [HostFact(Need.Root)]
    public void Options_that_the_kernel_would_cut_off_are_refused() => Assert.Throws<ArgumentException>(
        () => Mounts.Mount("x", _directory.Path, "overlay", MountFlags.None, "lowerdir=" + new string('/', 4096)));

    [HostFact(Need.LoopDevices)]
    public void A_loop_device_stands_for_its_file_and_goes_by_itself()
    {
        string file = _directory["image"];
        using (FileStream stream = File.Create(file))
        {
            stream.SetLength(8 << 20);
        }

        string path;
        using (LoopDevice device = LoopDevice.Attach(file))
        {
            path = device.Path;
            using LoopDevice? found = LoopDevice.Find(file);
            Assert.Equal(path, found?.Path);
            Assert.True(device.HasDirectIo || FileSystems.Stat(file).Magic == FileSystems.Tmpfs);
            Assert.Equal("16384", File.ReadAllText($"/sys/block/{Path.GetFileName(path)}/size").Trim());
            using (FileStream stream = File.OpenWrite(file))
            {
                stream.SetLength(16 << 20);
            }

            device.RefreshSize();
            Assert.Equal("32768", File.ReadAllText($"/sys/block/{Path.GetFileName(path)}/size").Trim());
        }

        Assert.Null(LoopDevice.Find(file));
        Assert.Equal(Errno.ENOENT, Assert.Throws<KernelException>(() => LoopDevice.Attach(_directory["missing"])).Errno);
    }

    [HostFact(Need.Btrfs, Need.LoopDevices)]
    public void Subvolumes_are_made_snapshotted_sealed_cloned_and_deleted()
    {
        string disk = _directory.Make("disk");
        Shell.Bash($"cd {_directory.Path}; truncate -s 512M img; mkfs.btrfs -q img; mount -o loop img disk");
        using SafeFileHandle root = Files.Open(disk, OpenFlags.ReadOnly | OpenFlags.Directory);
        BtrfsVolume.Create(root, "one");
        File.WriteAllBytes($"{disk}/one/file", new byte[100_000]);
        using (SafeFileHandle one = Files.Open(root, "one", OpenFlags.ReadOnly | OpenFlags.Directory))
        {
            Assert.True(BtrfsVolume.IsSubvolume(one));
            Assert.False(BtrfsVolume.IsReadOnly(one));
            BtrfsVolume.Snapshot(one, root, "sealed", readOnly: true);
            BtrfsVolume.Snapshot(one, root, "writable", readOnly: false);
        }

        File.WriteAllText($"{disk}/writable/more", "");
        using (SafeFileHandle sealedVolume = Files.Open(root, "sealed", OpenFlags.ReadOnly | OpenFlags.Directory))
        {
            Assert.True(BtrfsVolume.IsReadOnly(sealedVolume));
            Assert.Throws<IOException>(() => File.WriteAllText($"{disk}/sealed/more", ""));
            BtrfsVolume.SetReadOnly(sealedVolume, false);
            File.WriteAllText($"{disk}/sealed/more", "");
        }

        using (SafeFileHandle from = Files.Open(root, "one/file", OpenFlags.ReadOnly))
        using (SafeFileHandle to = Files.Open(root, "clone", OpenFlags.ReadWrite | OpenFlags.Create, 0x180))
        using (SafeFileHandle elsewhere = Files.Open(_directory["plain"], OpenFlags.ReadWrite | OpenFlags.Create, 0x180))
        {
            Assert.True(FileData.TryClone(from, to));
            Assert.Equal(100_000, Files.Stat(to).Size);
            Assert.False(FileData.TryClone(from, elsewhere));
        }

        BtrfsVolume.Sync(root);
        foreach (string name in new[] { "one", "sealed", "writable" })
        {
            BtrfsVolume.Delete(root, name);
        }

        Assert.Empty(Directory.GetDirectories(disk));
        var error = Assert.Throws<KernelException>(() => BtrfsVolume.Delete(root, "one"));
        Assert.Equal($"delete subvolume '{disk}/one': ENOENT (No such file or directory)", error.Message);
        Assert.Throws<ArgumentException>(() => BtrfsVolume.Create(root, "a/b"));
    }

    [HostFact(Need.Root)]
    public void Owners_devices_and_trusted_attributes_are_roots_to_set()
    {
        using SafeFileHandle directory = Files.Open(_directory.Path, OpenFlags.ReadOnly | OpenFlags.Directory);
        Files.MakeNode(directory, "gone", FileType.CharacterDevice, 0, 0);
        Files.MakeNode(directory, "disk", FileType.BlockDevice, 0x180, Files.DeviceNumber(259, 70000));
        Files.MakeSymbolicLink(directory, "link", "nowhere");
        Files.SetOwner(directory, "link", 123, 456);
        ExtendedAttributes.Set(directory, "gone", "trusted.overlay.opaque", "y"u8);

        Assert.True(Files.Stat(directory, "gone").IsWhiteout);
        Assert.Equal(Files.DeviceNumber(259, 70000), Files.Stat(directory, "disk").SpecialDevice);
        Assert.Equal((123u, 456u), (Files.Stat(directory, "link").UserId, Files.Stat(directory, "link").GroupId));
        Assert.Equal(["trusted.overlay.opaque"], ExtendedAttributes.List(directory, "gone"));
        Assert.Equal("y"u8.ToArray(), ExtendedAttributes.Get(directory, "gone", "trusted.overlay.opaque"));
    }

    private static MountEntry? Find(string path) => MountInfo.Read().LastOrDefault(mount => mount.MountPoint == path);

    private static SafeFileHandle Tmpfs(string key, string value)
    {
        using SafeFileHandle fileSystem = Mounts.OpenFileSystem("tmpfs");
        Mounts.Configure(fileSystem, key, value);
        Mounts.Create(fileSystem);
        return Mounts.MountDetached(
            fileSystem, MountAttributes.NoDevices | MountAttributes.NoSetUserId | MountAttributes.NoExecute);
    }
}
