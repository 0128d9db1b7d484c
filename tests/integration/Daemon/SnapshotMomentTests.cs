using System.Buffers.Binary;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A snapshot under commands that write is the tree of one moment, between the call and its answer.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SnapshotMomentTests(DaemonFixture fixture)
{
    // Pairs of files that are written by write(2), through a memory map, and by renaming a new file over the old one.
    private static readonly string[] Ways = ["write", "map", "rename"];

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N1", Part = "one moment, fifty times, by writes, maps and renames")]
    public Task With_btrfs_fifty_snapshots_under_writers_are_of_one_moment_each() => AreOfOneMomentAsync(fixture.Daemon, fixture.Client, fixture.Images, 50);

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N1", Part = "one moment where files are copied")]
    public async Task With_copies_snapshots_under_writers_are_of_one_moment_each()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await AreOfOneMomentAsync(daemon, client, images, 20);
    }

    private static async Task AreOfOneMomentAsync(TestDaemon daemon, DaemonClient client, TestImages images, int count)
    {
        await using TestSandbox sandbox = new(client, await client.NewAsync(await images.HaveAsync(TestImages.Busybox)));
        await sandbox.PutAsync("/pairs", await TestProgram.BuildAsync("pairs", isStatic: true));
        await sandbox.RunAsync($"cd /; mkdir {string.Join(' ', Ways)}; for i in $(seq 200); do echo $i > /write/$i; done; : > /{sandbox.Id}");
        string[] writers = await Task.WhenAll(Ways.Select(way => sandbox.StartAsync($"/pairs {way} /{way}")));
        string live = LayerOf(daemon, sandbox.Id);
        await Poll.UntilAsync(() => Ways.All(way => Read(live, way).Ahead > 100), 20, () => "the writers do not write");

        List<(string Id, long[] Before, long[] After)> snapshots = [];
        for (int i = 0; i < count; i++)
        {
            long[] before = [.. Ways.Select(way => Read(live, way).Ahead)];
            string id = await sandbox.SnapshotAsync();
            snapshots.Add((id, before, [.. Ways.Select(way => Read(live, way).Ahead)]));
        }

        foreach (string writer in writers)
        {
            Assert.Equal("running", (await client.ExecOfAsync(sandbox.Id, writer)).Status);
        }

        int between = 0;
        foreach ((string id, long[] before, long[] after) in snapshots)
        {
            string layer = Path.Combine(Root(daemon), "sealed", id.Replace('_', '-'), "upper");
            for (int i = 0; i < Ways.Length; i++)
            {
                (long ahead, long behind) = Read(layer, Ways[i]);
                string what = $"{id}, {Ways[i]}: a is {ahead} and b is {behind}, called at {before[i]}, answered at {after[i]}";
                Assert.True(ahead - behind is 0 or 1, what);
                Assert.True(before[i] <= ahead && ahead <= after[i], what);
                between += (int)(ahead - behind);
            }
        }

        // Half of all moments are between the two writes: were it never hit, nothing would have been tried.
        Assert.True(between > 0, "no snapshot was taken between the two writes of a pair");
        await sandbox.RunAsync("touch /stop");
        foreach (string writer in writers)
        {
            Assert.Equal("succeeded", (await sandbox.FinalAsync(writer)).Status);
        }

        // And what a sandbox sees of one is the same.
        await sandbox.RollbackAsync(snapshots[^1].Id);
        foreach (string way in Ways)
        {
            (long ahead, long behind) = Read(Path.Combine(Root(daemon), "sealed", snapshots[^1].Id.Replace('_', '-'), "upper"), way);
            string seen = await sandbox.RunAsync($"cat /{way}/a /{way}/b | od -A n -t d8");
            Assert.Equal([ahead, behind], seen.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(long.Parse));
        }

        foreach ((string id, _, _) in snapshots)
        {
            await client.SendAsync("DELETE", $"/sandboxes/{sandbox.Id}/snapshots/{id}", null, 204);
        }
    }

    private static string Root(TestDaemon daemon)
    {
        string pool = Path.Combine(daemon.DataDir, "pool");
        return Directory.Exists(pool) ? pool : Path.Combine(daemon.DataDir, "layers");
    }

    private static string LayerOf(TestDaemon daemon, string sandbox) =>
        Directory.GetDirectories(Path.Combine(Root(daemon), "live")).Select(layer => Path.Combine(layer, "upper"))
            .Single(upper => File.Exists(Path.Combine(upper, sandbox)));

    private static (long Ahead, long Behind) Read(string tree, string way)
    {
        // The one behind first: while the writer runs it only grows.
        long behind = Number("b"), ahead = Number("a");
        return (ahead, behind);

        long Number(string name)
        {
            string path = Path.Combine(tree, way, name);
            if (!File.Exists(path))
            {
                return 0;
            }

            Span<byte> number = stackalloc byte[8];
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return file.ReadAtLeast(number, 8, throwOnEndOfStream: false) == 8 ? BinaryPrimitives.ReadInt64LittleEndian(number) : 0;
        }
    }
}
