using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Tests;

/// <summary>The file calls, against the real kernel, as any user.</summary>
public sealed class FilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");
    private readonly SafeFileHandle _directory;

    public FilesTests() => _directory = Files.Open(_folder.FullName, OpenFlags.ReadOnly | OpenFlags.Directory);

    public void Dispose()
    {
        _directory.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Names_that_are_no_text_can_be_made_listed_renamed_and_removed()
    {
        KernelPath name = KernelPath.FromBytes([0x0a, 0xff, 0x20]);
        Files.MakeNode(_directory, name, FileType.Regular, 0x1A4);

        DirectoryEntry entry = Assert.Single(Files.ReadDirectory(_directory));
        Assert.Equal((name, FileType.Regular, Files.Stat(_directory, name).Inode), (entry.Name, entry.Type, entry.Inode));
        Files.Rename(_directory, name, _directory, "plain");
        Assert.True(File.Exists($"{_folder}/plain"));
        Files.Unlink(_directory, "plain");
        Assert.Equal(Errno.ENOENT, Assert.Throws<KernelException>(() => Files.Unlink(_directory, "plain")).Errno);
    }

    [Fact]
    public void A_directory_that_was_removed_while_it_is_open_has_no_names()
    {
        Directory.CreateDirectory($"{_folder}/gone");
        using SafeFileHandle gone = Files.Open(_directory, "gone", OpenFlags.ReadOnly | OpenFlags.Directory);
        Directory.Delete($"{_folder}/gone");

        Assert.Empty(Files.ReadDirectory(gone));
        Assert.Equal(0u, Files.Stat(gone).Links);
    }

    [Fact]
    public void Stat_tells_type_mode_times_links_and_never_follows()
    {
        Files.MakeDirectory(_directory, "dir", 0x1C0);
        Files.MakeNode(_directory, "pipe", FileType.Fifo, 0x180);
        Files.MakeSymbolicLink(_directory, "link", "dir");
        File.WriteAllBytes($"{_folder}/file", new byte[5000]);
        Files.SetMode(_directory, "file", 0xC2D); // 6055
        Files.Link(_directory, "file", _directory, "second");
        Files.SetTimes(_directory, "file", new FileTime(5, 6), new FileTime(123, 456_789_012));
        Files.SetTimes(_directory, "link", new FileTime(1, 2), new FileTime(3, 4));

        Assert.Equal((FileType.Directory, 0x1C0), (Files.Stat(_directory, "dir").Type, Files.Stat(_directory, "dir").Mode));
        Assert.Equal(FileType.Fifo, Files.Stat(_directory, "pipe").Type);
        FileStatus file = Files.Stat(_directory, "second");
        Assert.Equal((FileType.Regular, 0xC2D, 5000L, 2u), (file.Type, file.Mode, file.Size, file.Links));
        Assert.Equal((new FileTime(5, 6), new FileTime(123, 456_789_012)), (file.AccessTime, file.ModifyTime));
        Assert.True(file.ChangeTime > file.ModifyTime);
        FileStatus link = Files.Stat(_directory, "link");
        Assert.Equal((FileType.SymbolicLink, new FileTime(3, 4)), (link.Type, link.ModifyTime));
        Assert.Equal((KernelPath)"dir", Files.ReadLink(_directory, "link"));
        Assert.Null(Files.TryStat(_directory, "nothing", out Errno errno));
        Assert.Equal(Errno.ENOENT, errno);
        Assert.Equal(new FileInfo("/dev/null").Exists, Files.Stat(Descriptors.WorkingDirectory, "/dev/null").SpecialDevice == Files.DeviceNumber(1, 3));
    }

    [Fact]
    public void Device_numbers_are_glibcs()
    {
        Assert.Equal(0x103ul, Files.DeviceNumber(1, 3));
        Assert.Equal(0x1001_2fff_ef34ul, Files.DeviceNumber(0x1fef, 0x12ff34));
    }

    [Fact]
    public void Resolve_flags_keep_a_walk_inside()
    {
        Files.MakeDirectory(_directory, "dir", 0x1ED);
        File.WriteAllText($"{_folder}/dir/file", "inside");
        Files.MakeSymbolicLink(_directory, "absolute", "/dir/file");
        Files.MakeSymbolicLink(_directory, "up", "../../../../dir/file");
        Files.MakeSymbolicLink(_directory, "magic", "/proc/self/root");

        foreach (string path in new[] { "/dir/file", "dir/../dir/file", "absolute", "up" })
        {
            using SafeFileHandle file = Files.Open(_directory, path, OpenFlags.ReadOnly, ResolveFlags.InRoot);
            Assert.Equal(6, RandomAccess.GetLength(file));
        }

        Assert.Equal(Errno.EXDEV, Refused("absolute", ResolveFlags.Beneath));
        Assert.Equal(Errno.EXDEV, Refused("up", ResolveFlags.Beneath));
        Assert.Equal(Errno.ELOOP, Refused("absolute", ResolveFlags.InRoot | ResolveFlags.NoSymlinks));
        Assert.Equal(Errno.ENOENT, Refused("magic", ResolveFlags.InRoot));
        Assert.Equal(Errno.ELOOP, Refused("magic/", ResolveFlags.NoMagicLinks));
    }

    [Fact]
    public void Flags_do_what_they_say()
    {
        Files.MakeNode(_directory, "pipe", FileType.Fifo, 0x180);
        Files.MakeSymbolicLink(_directory, "link", "pipe");
        using (SafeFileHandle pipe = Files.Open(_directory, "pipe", OpenFlags.ReadOnly | OpenFlags.NonBlocking))
        using (SafeFileHandle link = Files.Open(_directory, "link", OpenFlags.PathOnly | OpenFlags.NoFollow))
        {
            Assert.Equal(FileType.Fifo, Files.Stat(pipe).Type);
            Assert.Equal(FileType.SymbolicLink, Files.Stat(link).Type);
            string flags = File.ReadLines($"/proc/self/fdinfo/{Descriptors.Number(pipe)}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & 0x80000); // O_CLOEXEC
        }

        Assert.Equal(Errno.ELOOP, Error(() => Files.Open(_directory, "link", OpenFlags.ReadOnly | OpenFlags.NoFollow)));
        Assert.Equal(Errno.ENOTDIR, Error(() => Files.Open(_directory, "pipe", OpenFlags.PathOnly | OpenFlags.Directory)));
        Files.Open(_directory, "new", OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180).Dispose();
        Assert.Equal(
            Errno.EEXIST, Error(() => Files.Open(_directory, "new", OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive)));
    }

    [Fact]
    public void A_handle_can_be_opened_again_and_its_real_path_found()
    {
        File.WriteAllText($"{_folder}/file", "text");
        Files.MakeSymbolicLink(_directory, "link", "file");
        using SafeFileHandle handle = Files.Open(_directory, "link", OpenFlags.PathOnly);
        using SafeFileHandle file = Files.Reopen(handle, OpenFlags.ReadOnly);

        Assert.Equal(4, RandomAccess.GetLength(file));
        Assert.EndsWith("/file", Files.RealPath($"{_folder}/link"), StringComparison.Ordinal);
    }

    [Fact]
    public void Big_directories_are_read_in_batches()
    {
        for (int i = 0; i < 1200; i++)
        {
            Files.MakeNode(_directory, $"a-long-enough-name-{i}", FileType.Regular, 0x180);
        }

        using SafeFileHandle fresh = Files.Open(_directory, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
        var some = new List<DirectoryEntry>();
        Assert.True(Files.ReadDirectoryBatch(fresh, some));
        Assert.InRange(some.Count, 100, 1199);
        some.AddRange(Files.ReadDirectory(fresh));
        Assert.Equal(1200, some.Select(entry => entry.Name).Distinct().Count());
    }

    [Fact]
    public void A_directory_goes_on_where_another_descriptor_stopped()
    {
        for (int i = 0; i < 1200; i++)
        {
            Files.MakeNode(_directory, $"a-long-enough-name-{i}", FileType.Regular, 0x180);
        }

        var all = new List<DirectoryEntry>();
        using (SafeFileHandle first = Files.Open(_directory, ".", OpenFlags.ReadOnly | OpenFlags.Directory))
        {
            Assert.True(Files.ReadDirectoryBatch(first, all));
        }

        all.RemoveRange(7, all.Count - 7);
        using SafeFileHandle second = Files.Open(_directory, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
        Files.SeekDirectory(second, all[^1].Next);
        all.AddRange(Files.ReadDirectory(second));
        Assert.Equal(1200, all.Count);
        Assert.Equal(1200, all.Select(entry => entry.Name).Distinct().Count());
        Assert.Equal(Errno.EINVAL, Assert.Throws<KernelException>(() => Files.SeekDirectory(second, -1)).Errno);
    }

    [Fact]
    public void A_file_without_a_name_goes_with_its_descriptor_or_gets_a_name()
    {
        using (SafeFileHandle lost = Files.Open(_directory, ".", OpenFlags.WriteOnly | OpenFlags.Unnamed, 0x180))
        {
            RandomAccess.Write(lost, "lost"u8, 0);
        }

        Assert.Empty(Files.ReadDirectory(_directory));
        using SafeFileHandle kept = Files.Open(_directory, ".", OpenFlags.WriteOnly | OpenFlags.Unnamed, 0x180);
        RandomAccess.Write(kept, "kept"u8, 0);
        Files.LinkOpen(kept, _directory, "name");
        Assert.Equal("kept", File.ReadAllText($"{_folder}/name"));
        Assert.Equal(1u, Files.Stat(kept).Links);
        Assert.Equal(Errno.EEXIST, Assert.Throws<KernelException>(() => Files.LinkOpen(kept, _directory, "name")).Errno);
    }

    [Fact]
    public void Attributes_are_set_listed_read_and_removed_on_the_name_itself()
    {
        File.WriteAllText($"{_folder}/file", "");
        Files.MakeSymbolicLink(_directory, "link", "file");
        byte[] large = new byte[3000];
        ExtendedAttributes.Set(_directory, "file", "user.large", large);
        ExtendedAttributes.Set(_directory, "file", "user.empty", default);

        Assert.Equal(["user.empty", "user.large"], ExtendedAttributes.List(_directory, "file").Order());
        Assert.Equal(large, ExtendedAttributes.Get(_directory, "file", "user.large"));
        Assert.Equal([], ExtendedAttributes.Get(_directory, "file", "user.empty")!);
        Assert.Null(ExtendedAttributes.Get(_directory, "file", "user.missing"));
        Assert.Empty(ExtendedAttributes.List(_directory, "link"));
        ExtendedAttributes.Remove(_directory, "file", "user.large");
        Assert.Equal(["user.empty"], ExtendedAttributes.List(_directory, "file"));
        Assert.Contains("read attribute user.x of", Assert.Throws<KernelException>(
            () => ExtendedAttributes.Get(_directory, "nothing", "user.x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sparse_copy_keeps_data_and_holes()
    {
        using (var stream = new FileStream($"{_folder}/sparse", FileMode.Create))
        {
            stream.SetLength(64 << 20);
            stream.Position = 20 << 20;
            stream.Write("middle"u8);
        }

        using SafeFileHandle source = Files.Open(_directory, "sparse", OpenFlags.ReadOnly);
        using SafeFileHandle target = Files.Open(_directory, "copy", OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        if (!FileData.TryClone(source, target))
        {
            FileData.CopySparse(source, target, TestContext.Current.CancellationToken);
        }

        FileStatus copy = Files.Stat(target);
        Assert.Equal(64 << 20, copy.Size);
        Assert.InRange(copy.AllocatedBytes, 1, 1 << 20);
        byte[] middle = new byte[6];
        RandomAccess.Read(target, middle, 20 << 20);
        Assert.Equal("middle"u8, middle);
        Assert.Throws<OperationCanceledException>(() => FileData.CopySparse(source, target, new CancellationToken(true)));
    }

    [Fact]
    public void Filesystems_tell_type_and_size()
    {
        Assert.Equal(0x9fa0, FileSystems.Stat("/proc").Magic);
        FileSystemStatus disk = FileSystems.Stat(_directory);
        Assert.InRange(disk.AvailableBytes, 1, disk.TotalBytes);
        FileSystems.Sync(_directory);
        Assert.False(BtrfsVolume.IsSubvolume(_directory) && disk.Magic != FileSystems.Btrfs);
    }

    private Errno Refused(string path, ResolveFlags resolve) =>
        Error(() => Files.Open(_directory, path, OpenFlags.ReadOnly, resolve));

    private static Errno Error(Func<SafeFileHandle> open) =>
        Assert.Throws<KernelException>(() => open().Dispose()).Errno;
}
