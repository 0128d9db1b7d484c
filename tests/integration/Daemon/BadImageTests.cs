using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A broken or hostile image archive is refused in one sentence, and nothing of it stays.</summary>
[Collection(DaemonCollection.Name)]
public sealed class BadImageTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Every_kind_of_broken_archive_is_400_in_one_sentence_and_nothing_half_made()
    {
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        await fixture.Images.HaveAsync(TestImages.Scratch);
        string[] imagesBefore = await administrator.ImagesAsync();
        string[] blobsBefore = Blobs();
        byte[] good = (await TestImages.ScratchAsync()).Oci().ToArray();

        foreach ((string what, byte[] archive, string sentence) in (await CasesAsync(good)).ToArray())
        {
            using MemoryStream body = new(archive);
            (int status, JsonObject reply) = await administrator.ImportAsync(body, "bad");

            Assert.True(status == 400 && (string?)reply["code"] == "invalid_image", $"{what}: {status} {reply.ToJsonString()}");
            string error = (string)reply["error"]!;
            Assert.True(error.Contains(sentence, StringComparison.Ordinal), $"{what}: {error}");
            Assert.DoesNotContain('\n', error);
            Assert.DoesNotContain(fixture.Daemon.Folder, error, StringComparison.Ordinal);
            Assert.Equal(imagesBefore, await administrator.ImagesAsync());
        }

        await Poll.UntilAsync(() => Blobs().SequenceEqual(blobsBefore), 20, () => $"blobs of refused archives are left: {string.Join(' ', Blobs().Except(blobsBefore))}");
        await Poll.UntilAsync(() => Ingests().Length == 0, 20, () => $"half-written blobs are left: {string.Join(' ', Ingests().SelectMany(Directory.GetFiles).Select(f => $"{f} {new FileInfo(f).Length}"))}");
        Assert.False(File.Exists("/tmp/sleigh-escape"));
        JsonObject refused = await fixture.Client.SendAsync("POST", "/sandboxes", new JsonObject { ["image"] = "bad", ["image_pull_policy"] = "notify" }, 409);
        Assert.Equal("image_pull_needed", (string?)refused["code"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_import_whose_caller_goes_away_leaves_nothing()
    {
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        await fixture.Images.HaveAsync(TestImages.Scratch);
        string[] before = Blobs();
        byte[] archive = TestArchive.Oci(TestArchive.Layer(("noise", Noise(8 << 20))), "half:1").Build();
        using CancellationTokenSource gone = new();
        using StalledStream body = new(archive, archive.Length / 2);
        Task<(int, JsonObject)> import = administrator.CallAsync("POST", "/admin/images/import?name=half", new StreamContent(body), gone.Token);
        await body.Stalled;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => import);

        await Poll.UntilAsync(() => Blobs().SequenceEqual(before) && Ingests().Length == 0, 20, () => "the half import has left something");
        using DaemonClient again = DaemonClient.Administrator(fixture.Daemon);
        Assert.DoesNotContain(await again.ImagesAsync(), name => name.Contains("half", StringComparison.Ordinal));
    }

    private static async Task<IEnumerable<(string What, byte[] Archive, string Sentence)>> CasesAsync(byte[] good)
    {
        byte[] layer = TestArchive.Layer(("file", "content"u8.ToArray()));
        byte[] otherLayer = TestArchive.Layer(("file", "other"u8.ToArray()));
        byte[] arm = TestArchive.Oci(layer, architecture: "arm64").Build();
        byte[] zeros = await ZerosAsync(2L << 30);
        TestArchive wrongName = new TestArchive().AddLayout(TestArchive.Index(TestArchive.Descriptor("application/vnd.oci.image.manifest.v1+json", layer)))
            .Add($"blobs/sha256/{TestArchive.DigestOf(layer)[7..]}", otherLayer);
        return
        [
            ("empty", new byte[1024], "archive"),
            ("no tar", Encoding.UTF8.GetBytes(new string('x', 5000)), "archive"),
            ("cut off in a header", good[..700], "the archive"),
            ("cut off in the layer", good[..(good.Length * 3 / 4)], "the archive ends in the middle of"),
            ("neither form", TestArchive.Layer(("hello", [1])), "neither an index.json (OCI layout) nor a manifest.json (docker archive)"),
            ("wrong digest", wrongName.Build(), "has the digest"),
            ("another diff id", TestArchive.Oci(layer, blob: otherLayer).Build(), "the configuration says"),
            ("path traversal", TestArchive.Oci(layer).Add("../../tmp/sleigh-escape", [1]).Build(), "leads out of it"),
            ("absolute path", TestArchive.Oci(layer).Add("/tmp/sleigh-escape", [1]).Build(), "leads out of it"),
            ("absolute symlink", TestArchive.Oci(layer).AddLink("blobs/sha256/link", "/etc/passwd").Build(), "leads out of it"),
            ("fifo", TestArchive.Oci(layer).AddFifo("blobs/sha256/fifo").Build(), "no file, directory or link"),
            ("bomb", TestArchive.Oci(layer, blob: zeros, ending: "+gzip").Build(), "times its size"),
            ("other platform", arm, "this host is linux/amd64"),
            ("broken json", new TestArchive().AddLayout("{"u8.ToArray()).Build(), "index.json"),
        ];
    }

    private static async Task<byte[]> ZerosAsync(long size)
    {
        using MemoryStream target = new();
        await using (GZipStream gzip = new(target, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] piece = new byte[1 << 20];
            for (long done = 0; done < size; done += piece.Length)
            {
                await gzip.WriteAsync(piece);
            }
        }

        return target.ToArray();
    }

    private static byte[] Noise(int size)
    {
        byte[] noise = new byte[size];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private string[] Blobs() => Names("blobs/sha256");

    private string[] Ingests() => Names("ingest");

    private string[] Names(string folder)
    {
        string path = Path.Combine(fixture.Daemon.DataDir, "containerd", "io.containerd.content.v1.content", folder);
        return Directory.Exists(path) ? [.. Directory.GetFileSystemEntries(path).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>Gives a part of its bytes and then nothing more.</summary>
    private sealed class StalledStream(byte[] bytes, int until) : MemoryStream(bytes)
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stalled => _stalled.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= until)
            {
                _stalled.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
