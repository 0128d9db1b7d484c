using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

/// <summary>What files take, found by walking.</summary>
public sealed class LayerMeasureTests : IDisposable
{
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory;
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-measure-").FullName;

    // .NET passes whole paths, which are too long here.
    public void Dispose()
    {
        using Process remove = Process.Start("rm", ["-rf", _folder]);
        remove.WaitForExit();
    }

    [Fact]
    public void Nothing_is_too_deep_to_be_counted()
    {
        const int Depth = 60;
        const int Bytes = 1 << 20;
        KernelPath name = new string('d', 200);
        SafeFileHandle here = Files.Open(_folder, OpenDirectory);
        for (int i = 0; i < Depth; i++)
        {
            Files.MakeDirectory(here, name, 0b111_000_000);
            Files.MakeDirectory(here, "beside", 0b111_000_000);
            SafeFileHandle next = Files.Open(here, name, OpenDirectory);
            here.Dispose();
            here = next;
        }

        using (here)
        using (FileStream file = new(Files.Open(here, "file", OpenFlags.WriteOnly | OpenFlags.Create, 0b110_000_000), FileAccess.Write))
        {
            file.Write(new byte[Bytes]);
            file.Flush(flushToDisk: true);
        }

        using SafeFileHandle root = Files.Open(_folder, OpenDirectory);
        LayerHolding found = LayerMeasure.Of(root, default);
        Assert.Equal((2 * Depth) + 1, found.Files);
        Assert.InRange(found.Bytes, Bytes + (2 * Depth * LayerMeasure.LeastBytes), Bytes + (2 * Depth * 8192));
    }

    [Theory]
    [InlineData(5000, 10, 40960)]
    [InlineData(1 << 20, 10, 1 << 20)]
    public void Many_small_files_count_4_KiB_each(long bytes, long files, long counted) => Assert.Equal(counted, new LayerHolding(bytes, files).Counted);

    [Theory]
    [InlineData(64L << 20, 16384)]
    [InlineData(1000, 1024)]
    public void A_limit_of_bytes_allows_one_file_for_every_4_KiB_and_1024_at_least(long bytes, long files) => Assert.Equal(files, LayerFiles.LimitOf(bytes));

    [Fact]
    public async Task Directories_that_come_and_go_meanwhile_do_not_stop_it()
    {
        using CancellationTokenSource stop = new();
        Task churn = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                string made = Directory.CreateDirectory(Path.Combine(_folder, $"{Guid.NewGuid():N}")).FullName;
                File.WriteAllText(Path.Combine(made, "file"), "");
                Directory.Delete(made, recursive: true);
            }
        });
        using SafeFileHandle root = Files.Open(_folder, OpenDirectory);
        for (int i = 0; i < 2000; i++)
        {
            LayerMeasure.Of(root, default);
        }

        await stop.CancelAsync();
        await churn;
    }
}
