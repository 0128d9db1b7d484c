namespace Sleigh.Linux.Tests;

public sealed class FifoWriterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");

    private string Path => System.IO.Path.Combine(_folder.FullName, "fifo");

    [Fact]
    public void Without_a_reader_there_is_no_writer()
    {
        Assert.Null(FifoWriter.TryOpen(Path));
        MakeFifo();
        Assert.Null(FifoWriter.TryOpen(Path));
    }

    [Fact]
    public void What_is_no_FIFO_is_refused()
    {
        File.WriteAllText(Path, "");

        KernelException error = Assert.Throws<KernelException>(() => FifoWriter.TryOpen(Path));

        Assert.Equal($"open '{Path}': EINVAL (Invalid argument): it is no FIFO", error.Message);
    }

    [Fact]
    public async Task More_than_fits_waits_for_the_reader_and_arrives_whole()
    {
        MakeFifo();
        using FileStream reader = OpenReader();
        using FifoWriter writer = FifoWriter.TryOpen(Path)!;
        byte[] bytes = new byte[1 << 20];
        Random.Shared.NextBytes(bytes);

        Task<bool> writing = writer.WriteAsync(bytes, CancellationToken.None);
        await Task.Delay(50);
        Assert.False(writing.IsCompleted);

        using MemoryStream read = new();
        byte[] buffer = new byte[10_000];
        while (read.Length < bytes.Length)
        {
            int length = ReadSome(reader, buffer);
            read.Write(buffer, 0, length);
            if (length == 0)
            {
                await Task.Delay(1);
            }
        }

        Assert.True(await writing);
        Assert.Equal(bytes, read.ToArray());
    }

    [Fact]
    public async Task A_reader_that_goes_ends_the_wait()
    {
        MakeFifo();
        FileStream reader = OpenReader();
        using FifoWriter writer = FifoWriter.TryOpen(Path)!;
        Task<bool> writing = writer.WriteAsync(new byte[1 << 20], CancellationToken.None);
        await Task.Delay(50);

        reader.Dispose();

        Assert.False(await writing.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.False(await writer.WriteAsync(new byte[1], CancellationToken.None));
    }

    [Fact]
    public async Task A_wait_can_be_ended_and_another_begun()
    {
        MakeFifo();
        using FileStream reader = OpenReader();
        using FifoWriter writer = FifoWriter.TryOpen(Path)!;
        using CancellationTokenSource stop = new();
        Task<bool> writing = writer.WriteAsync(new byte[1 << 20], stop.Token);
        await Task.Delay(50);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);

        Task<bool> next = writer.WriteAsync(new byte[] { 1 }, CancellationToken.None);
        byte[] buffer = new byte[65_536];
        while (!next.IsCompleted)
        {
            ReadSome(reader, buffer);
            await Task.Delay(1);
        }

        Assert.True(await next);
    }

    [Fact]
    public async Task A_hundred_waits_hold_no_threads()
    {
        int before = ThreadPool.ThreadCount;
        List<IDisposable> open = [];
        List<Task<bool>> waits = [];
        using CancellationTokenSource stop = new();
        for (int i = 0; i < 100; i++)
        {
            string path = $"{Path}{i}";
            Files.MakeNode(Descriptors.WorkingDirectory, path, FileType.Fifo, 0x180);
            open.Add(Files.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking));
            FifoWriter writer = FifoWriter.TryOpen(path)!;
            open.Add(writer);
            waits.Add(writer.WriteAsync(new byte[1 << 18], stop.Token));
        }

        await Task.Delay(100);
        Assert.DoesNotContain(waits, w => w.IsCompleted);
        Assert.InRange(ThreadPool.ThreadCount - before, int.MinValue, 20);
        await stop.CancelAsync();
        foreach (Task<bool> wait in waits)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        }

        open.ForEach(o => o.Dispose());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void MakeFifo() => Files.MakeNode(Descriptors.WorkingDirectory, Path, FileType.Fifo, 0x180);

    private FileStream OpenReader() => new(Files.Open(Path, OpenFlags.ReadOnly | OpenFlags.NonBlocking), FileAccess.Read, bufferSize: 0);

    // 0 too while nothing is there to be read.
    private static int ReadSome(FileStream reader, byte[] buffer)
    {
        try
        {
            return reader.Read(buffer);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
