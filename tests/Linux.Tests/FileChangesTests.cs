namespace Sleigh.Linux.Tests;

public sealed class FileChangesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");

    private string Path => System.IO.Path.Combine(_folder.FullName, "file");

    [Fact]
    public void Each_write_wakes_every_watcher_and_after_its_end_none()
    {
        File.WriteAllText(Path, "a");
        using AutoResetEvent first = new(false);
        using AutoResetEvent second = new(false);
        using IDisposable one = FileChanges.Shared.Watch(Path, () => first.Set());
        using (FileChanges.Shared.Watch(Path, () => second.Set()))
        {
            File.AppendAllText(Path, "b");
            Assert.True(first.WaitOne(5000));
            Assert.True(second.WaitOne(5000));
        }

        File.AppendAllText(Path, "c");
        Assert.True(first.WaitOne(5000));
        Assert.False(second.WaitOne(50));
    }

    [Fact]
    public void A_write_through_another_descriptor_at_a_position_counts_too()
    {
        File.WriteAllText(Path, "aaaa");
        using AutoResetEvent changed = new(false);
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite);
        using IDisposable watch = FileChanges.Shared.Watch(Path, () => changed.Set());

        RandomAccess.Write(file, "b"u8, 0);

        Assert.True(changed.WaitOne(5000));
    }

    [Fact]
    public void While_nobody_follows_nothing_is_watched()
    {
        File.WriteAllText(Path, "a");
        int before = FileChanges.Shared.Count;

        IDisposable[] watches = [.. Enumerable.Range(0, 10).Select(_ => FileChanges.Shared.Watch(Path, () => { }))];
        Assert.Equal(before + 1, FileChanges.Shared.Count);
        foreach (IDisposable watch in watches)
        {
            watch.Dispose();
            watch.Dispose();
        }

        Assert.Equal(before, FileChanges.Shared.Count);
    }

    [Fact]
    public void A_file_that_is_removed_wakes_once_more_and_is_forgotten()
    {
        File.WriteAllText(Path, "a");
        int before = FileChanges.Shared.Count;
        using AutoResetEvent changed = new(false);
        using IDisposable watch = FileChanges.Shared.Watch(Path, () => changed.Set());

        File.Delete(Path);

        Assert.True(changed.WaitOne(5000));
        Assert.Equal(before, FileChanges.Shared.Count);
    }

    [Fact]
    public void A_missing_file_is_an_error_with_its_name()
    {
        KernelException error = Assert.Throws<KernelException>(() => FileChanges.Shared.Watch(Path, () => { }));

        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Equal($"watch '{Path}': ENOENT (No such file or directory)", error.Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
