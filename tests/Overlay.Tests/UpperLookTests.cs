using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class UpperLookTests : IDisposable
{
    private static readonly FileStatus File = default(FileStatus) with { Inode = 7, ChangeTime = new FileTime(100, 5), Size = 42, Mode = 0x1A4, Type = FileType.Regular };

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-look-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_order_in_which_files_are_seen_does_not_matter_and_the_latest_change_is_known()
    {
        (KernelPath Path, FileStatus Status)[] files =
            [.. Enumerable.Range(0, 1000).Select(i => ((KernelPath)$"d/{i}", File with { Inode = (ulong)i, ChangeTime = new FileTime(i * 7919 % 1000, 0) }))];

        UpperLook look = Of(files);

        Assert.Equal(new FileTime(999, 0), look.Newest);
        Assert.Equal(look, Of([.. files.Reverse()]));
        Assert.Equal(look, Of([.. files.OrderBy(file => file.Status.ChangeTime.Seconds)]));
    }

    [Fact]
    public void Whatever_is_otherwise_gives_another_mark()
    {
        (KernelPath, FileStatus)[] changed =
        [
            ("b", File with { Inode = 8 }), ("b", File with { ChangeTime = new FileTime(100, 6) }), ("b", File with { ChangeTime = new FileTime(101, 5) }),
            ("b", File with { Size = 43 }), ("b", File with { Mode = 0x1A5 }), ("b", File with { Type = FileType.Fifo }), ("c", File), ("b/b", File), ("", File),
        ];
        List<LayerMark> marks = [Of([("a", File), ("b", File)]).Mark, Of([("a", File)]).Mark, Of([("a", File), ("b", File), ("c", File)]).Mark];
        marks.AddRange(changed.Select(file => Of([("a", File), file]).Mark));

        // Two that change places are not the same as before.
        marks.Add(Of([("a", File with { Inode = 8 }), ("b", File with { Inode = 9 })]).Mark);
        marks.Add(Of([("a", File with { Inode = 9 }), ("b", File with { Inode = 8 })]).Mark);

        Assert.Equal(marks.Count, marks.Distinct().Count());
    }

    [Fact]
    public void Nothing_is_kept_of_a_file_that_was_seen()
    {
        KernelPath[] paths = [.. Enumerable.Range(0, 100).Select(i => (KernelPath)$"some/directory/file-{i}")];
        UpperLook.Builder look = new();
        look.Add("warm/up", File);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200_000; i++)
        {
            look.Add(paths[i % paths.Length], File with { Inode = (ulong)i });
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void Something_that_went_away_meanwhile_leaves_no_look()
    {
        UpperLook.Builder look = new();
        look.Add("a", File);
        look.Miss();

        Assert.Null(look.Build());
    }

    [Fact]
    public void A_directory_of_more_directories_than_are_read_at_once_is_seen_whole()
    {
        const int Count = (2 * UpperLook.AtOnce) + 100;
        for (int i = 0; i < Count; i++)
        {
            Directory.CreateDirectory($"{_folder}/wide/dir-{i}/deep");
            System.IO.File.WriteAllText($"{_folder}/wide/dir-{i}/deep/file", "");
            System.IO.File.WriteAllText($"{_folder}/wide/file-{i}", "");
        }

        using SafeFileHandle root = Files.Open(_folder, OpenFlags.ReadOnly | OpenFlags.Directory);
        UpperLook.Builder all = new();
        all.Add(default, Files.Stat(root));
        foreach (string path in Directory.EnumerateFileSystemEntries(_folder, "*", SearchOption.AllDirectories))
        {
            KernelPath inside = Path.GetRelativePath(_folder, path);
            all.Add(inside, Files.Stat(root, inside));
        }

        UpperLook look = UpperLook.Take(root, default)!;
        Assert.Equal(all.Build(), look);
        System.IO.File.SetUnixFileMode($"{_folder}/wide/dir-{Count / 2}/deep/file", UnixFileMode.UserRead);
        Assert.NotEqual(look.Mark, UpperLook.Take(root, default)!.Mark);
    }

    private static UpperLook Of((KernelPath Path, FileStatus Status)[] files)
    {
        UpperLook.Builder look = new();
        Array.ForEach(files, file => look.Add(file.Path, file.Status));
        return look.Build()!;
    }
}
