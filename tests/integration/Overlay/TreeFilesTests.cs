using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Reading and making files in a tree that somebody hostile has shaped.</summary>
public sealed class TreeFilesTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly SafeFileHandle _root;

    public TreeFilesTests()
    {
        Shell.Bash($$"""
            mkdir -p {{_directory["tree"]}}/etc {{_directory["tree"]}}/dir; cd {{_directory["tree"]}}
            echo secret > ../outside; echo text > etc/passwd; : > etc/empty
            ln -s /etc/passwd etc/inside; ln -s ../../../../../../..{{_directory.Path}}/outside etc/up; ln -s loop etc/loop
            ln -s {{_directory.Path}}/outside etc/absolute; mkfifo etc/fifo; ln -s /proc/self/root/etc/passwd etc/magic
            head -c 100000 /dev/zero > etc/big; ln -s /dir link-to-dir; ln -s /missing dangling; ln -s / self
            """);
        _root = Files.Open(_directory["tree"], OpenFlags.PathOnly | OpenFlags.Directory);
    }

    public void Dispose()
    {
        _root.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Regular_files_inside_are_read_through_links_inside()
    {
        Assert.Equal("text\n"u8.ToArray(), TreeFiles.ReadSmallFile(_root, "/etc/passwd", 100));
        Assert.Equal("text\n"u8.ToArray(), TreeFiles.ReadSmallFile(_root, "etc/inside", 5));
        Assert.Equal("text\n"u8.ToArray(), TreeFiles.ReadSmallFile(_root, "/self/../self/etc/passwd", 100));
        Assert.Equal([], TreeFiles.ReadSmallFile(_root, "/etc/empty", 5)!);
        Assert.Equal(100_000, TreeFiles.ReadSmallFile(_root, "/etc/big", 100_000)!.Length);
    }

    [Fact]
    public void Nothing_outside_is_read()
    {
        Assert.Null(TreeFiles.ReadSmallFile(_root, "/etc/missing", 100));
        Assert.Null(TreeFiles.ReadSmallFile(_root, "/etc/absolute", 100));
        Assert.Null(TreeFiles.ReadSmallFile(_root, "/etc/up", 100));
        Assert.Null(TreeFiles.ReadSmallFile(_root, "/etc/magic", 100));
        Assert.Null(TreeFiles.ReadSmallFile(_root, "/../../../outside", 100));
    }

    [Fact]
    public void What_is_no_small_regular_file_is_refused_at_once()
    {
        Assert.Equal(
            "'/etc/fifo' is no regular file but a Fifo",
            Assert.Throws<InvalidDataException>(() => TreeFiles.ReadSmallFile(_root, "/etc/fifo", 100)).Message);
        Assert.Throws<InvalidDataException>(() => TreeFiles.ReadSmallFile(_root, "/etc", 100));
        Assert.Equal(
            "'/etc/big' is longer than 4096 bytes",
            Assert.Throws<InvalidDataException>(() => TreeFiles.ReadSmallFile(_root, "/etc/big", 4096)).Message);
        Assert.Equal(Errno.ELOOP, Assert.Throws<KernelException>(() => TreeFiles.ReadSmallFile(_root, "/etc/loop", 4096)).Errno);
    }

    [HostFact(Need.Root)]
    public void Other_mounts_are_not_entered()
    {
        Mounts.Mount("tmpfs", $"{_directory["tree"]}/dir", "tmpfs", MountFlags.None);
        File.WriteAllText($"{_directory["tree"]}/dir/file", "");

        Assert.Equal(Errno.EXDEV, Assert.Throws<KernelException>(() => TreeFiles.ReadSmallFile(_root, "/dir/file", 10)).Errno);
    }

    [HostFact(Need.Root)]
    public void Missing_directories_are_made_with_their_owner_and_what_is_there_stays()
    {
        TreeFiles.CreateDirectories(_root, "/work/a/b", 1000, 1001);
        TreeFiles.CreateDirectories(_root, "/work/a/b", 0, 0);
        TreeFiles.CreateDirectories(_root, "/link-to-dir/new", 1, 1);
        TreeFiles.CreateDirectories(_root, "/", 1, 1);

        FileStatus made = Files.Stat(_root, "work/a/b");
        Assert.Equal((0x1ED, 1000u, 1001u), (made.Mode, made.UserId, made.GroupId));
        Assert.Equal(FileType.Directory, Files.Stat(_root, "dir/new").Type);
        Assert.Equal(0u, Files.Stat(_root, "dir").UserId);
        Assert.Throws<KernelException>(() => TreeFiles.CreateDirectories(_root, "/etc/passwd/x", 0, 0));
        Assert.Throws<KernelException>(() => TreeFiles.CreateDirectories(_root, "/dangling/x", 0, 0));
        Assert.Throws<KernelException>(() => TreeFiles.CreateDirectories(_root, "/etc/fifo", 0, 0));
        Assert.Throws<ArgumentException>(() => TreeFiles.CreateDirectories(_root, "/a/../b", 0, 0));
        Assert.Throws<ArgumentException>(() => TreeFiles.CreateDirectories(_root, "relative", 0, 0));
        Assert.Equal(2, Directory.GetFileSystemEntries(_directory.Path).Length);
    }
}
