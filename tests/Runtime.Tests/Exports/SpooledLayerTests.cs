using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Runtime.Exports;
using ZstdSharp;

namespace Sleigh.Runtime.Tests.Exports;

public sealed class SpooledLayerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Digests_and_size_are_those_of_the_bytes_that_it_gives_as_often_as_asked(bool isZstd)
    {
        byte[] plain = [.. new byte[300_000], .. RandomNumberGenerator.GetBytes(100_000)];
        using SpooledLayer layer = await SpooledLayer.WriteAsync(new ExportSpool(_folder), isZstd, async output =>
        {
            await output.WriteAsync(plain.AsMemory(0, 7));
            await output.WriteAsync(plain.AsMemory(7));
        });

        for (int time = 0; time < 2; time++)
        {
            using var packed = new MemoryStream();
            await using (Stream from = layer.Open())
            {
                Assert.Equal(layer.Size, from.Length);
                await from.CopyToAsync(packed, TestContext.Current.CancellationToken);
            }

            packed.Position = 0;
            using var unpacked = new MemoryStream();
            await using Stream unpacking = isZstd ? new DecompressionStream(packed) : new GZipStream(packed, CompressionMode.Decompress);
            await unpacking.CopyToAsync(unpacked, TestContext.Current.CancellationToken);
            Assert.Equal(plain, unpacked.ToArray());
            Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(packed.ToArray())), layer.Digest);
            Assert.Equal(packed.Length, layer.Size);
        }

        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(plain)), layer.DiffId);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_layer_that_fails_gives_its_file_back()
    {
        var spool = new ExportSpool(_folder);

        await Assert.ThrowsAsync<InvalidOperationException>(() => SpooledLayer.WriteAsync(spool, isZstd: false, _ => throw new InvalidOperationException("no")));

        Assert.Empty(Directory.GetFiles(_folder));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget), target => target?.StartsWith(_folder, StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void A_spool_begins_empty_whatever_was_left_and_its_files_have_no_names()
    {
        string folder = Path.Combine(_folder, "exports");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "1"), "left");

        var spool = new ExportSpool(folder);
        using SafeFileHandle one = spool.Open();
        using SafeFileHandle two = spool.Open();
        RandomAccess.Write(one, "one"u8, 0);
        RandomAccess.Write(two, "second"u8, 0);

        Assert.Empty(Directory.GetFileSystemEntries(folder));
        Assert.Equal((3, 6), (RandomAccess.GetLength(one), RandomAccess.GetLength(two)));
    }
}
