using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Images that are as they should be.</summary>
public sealed class ImageImportTests : IClassFixture<PrivateContainerd>
{
    private static readonly byte[] LowLayer = TestArchive.Layer(("hello", TinyProgram.Print("hello\n")), ("both", "low"u8.ToArray()));
    private static readonly byte[] HighLayer = TestArchive.Layer(("both", "high"u8.ToArray()), ("etc/only-high", "x"u8.ToArray()));

    private readonly PrivateContainerd _fixture;

    public ImageImportTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task An_oci_layout_is_imported_opened_listed_and_removed()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);

        Assert.Equal(["docker.io/library/one:1"], await world.ImportAsync(TestArchive.Oci(LowLayer)));

        ImageTree tree = await world.Images.OpenAsync("one:1");
        string lower = Assert.Single(tree.Lowers);
        Assert.Equal("low", await File.ReadAllTextAsync(Path.Combine(lower, "both")));
        Assert.Equal(TestArchive.DigestOf(LowLayer), tree.ChainId);
        Assert.Equal(["PATH=/bin", "A=b"], tree.Config.Env);
        Assert.Equal(
            ("/work", "7:8", "/hello", "/entry"), (tree.Config.WorkingDir, tree.Config.User, tree.Config.Cmd[0], tree.Config.Entrypoint[0]));
        ImageSummary summary = Assert.Single(await world.Images.ListAsync());
        Assert.Equal(("docker.io/library/one:1", tree.Digest), (summary.Name, summary.Digest));
        Assert.True(summary.Bytes > LowLayer.Length);
        ImageSummary found = (await world.Images.FindAsync("docker.io/library/one:1"))!;
        Assert.Equal(summary.Blobs, found.Blobs);
        Assert.Equal(summary, found with { Blobs = summary.Blobs });
        Assert.Null(await world.Images.FindAsync("other"));
        Assert.Empty(await world.Client.Leases.ListAsync());

        Assert.True(await world.Images.RemoveAsync("one:1"));
        Assert.False(await world.Images.RemoveAsync("one:1"));
        await world.AssertEmptyAsync();
        ImageException gone = await Assert.ThrowsAsync<ImageException>(async () => await world.Images.OpenAsync("one:1"));
        Assert.Equal((ImageErrorKind.NotFound, "there is no image 'one:1'"), (gone.Kind, gone.Message));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task A_docker_archive_in_gzip_has_its_uppermost_layer_first()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] config = TestArchive.Config([LowLayer, HighLayer]);
        TestArchive archive = new TestArchive()
            .Add("./aa/layer.tar", LowLayer)
            .Add("./bb/layer.tar", HighLayer)
            .AddLink("./cc/layer.tar", "../bb/layer.tar")
            .Add("./config.json", config)
            .Add("./repositories", "{}"u8.ToArray())
            .Add("./manifest.json", TestArchive.Json(new JsonArray(new JsonObject
            {
                ["Config"] = "config.json",
                ["RepoTags"] = new JsonArray("sleigh/debian:bookworm", "quickstart:latest"),
                ["Layers"] = new JsonArray("aa/layer.tar", "cc/layer.tar"),
            })));

        Assert.Equal(
            ["docker.io/sleigh/debian:bookworm", "docker.io/library/quickstart:latest"], await world.ImportAsync(TestArchive.Gzip(archive.Build())));

        ImageTree tree = await world.Images.OpenAsync("sleigh/debian:bookworm");
        Assert.Equal(2, tree.Lowers.Count);
        Assert.Equal("high", await File.ReadAllTextAsync(Path.Combine(tree.Lowers[0], "both")));
        Assert.Equal("low", await File.ReadAllTextAsync(Path.Combine(tree.Lowers[1], "both")));
        Assert.Equal(tree.Lowers, (await world.Images.OpenAsync("quickstart")).Lowers);

        Assert.True(await world.Images.RemoveAsync("quickstart"));
        Assert.True(Directory.Exists(tree.Lowers[0]));
        Assert.True(await world.Images.RemoveAsync("sleigh/debian:bookworm"));
        await world.AssertEmptyAsync();
        Assert.False(Directory.Exists(tree.Lowers[0]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task Gzip_and_zstd_layers_are_unpacked()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        await world.ImportAsync(TestArchive.Oci(LowLayer, "gz:1", blob: TestArchive.Gzip(LowLayer), ending: "+gzip"));
        Assert.True(File.Exists(Path.Combine((await world.Images.OpenAsync("gz:1")).Lowers[0], "hello")));

        Assert.SkipUnless(File.Exists("/usr/bin/zstd"), "this host lacks zstd");
        byte[] zstd = await ZstdAsync(HighLayer);
        await world.ImportAsync(TestArchive.Oci(HighLayer, "zst:1", blob: zstd, ending: "+zstd"));
        Assert.True(File.Exists(Path.Combine((await world.Images.OpenAsync("zst:1")).Lowers[0], "etc/only-high")));

        // A docker archive states no media types; it goes by the bytes.
        byte[] docker = new TestArchive().Add("l.tar", zstd).Add("c.json", TestArchive.Config([HighLayer])).Add("manifest.json", TestArchive.Json(
            new JsonArray(new JsonObject { ["Config"] = "c.json", ["Layers"] = new JsonArray("l.tar") }))).Build();
        await world.ImportAsync(await ZstdAsync(docker), "zst2");
        Assert.Equal((await world.Images.OpenAsync("zst:1")).Lowers, (await world.Images.OpenAsync("zst2")).Lowers);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task Ctr_finds_nothing_to_complain_about()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        await world.ImportAsync(TestArchive.Oci(LowLayer, blob: TestArchive.Gzip(LowLayer), ending: "+gzip"), "local/thing:v1");

        string list = await CtrAsync(world, "images", "ls");
        Assert.Contains("docker.io/local/thing:v1", list, StringComparison.Ordinal);
        Assert.Contains("linux/amd64", list, StringComparison.Ordinal);
        string check = await CtrAsync(world, "images", "check");
        Assert.Matches(@"docker\.io/local/thing:v1 .* complete \(2/2\) .* true", check);

        // What ctr exports comes back as the same image.
        string path = Path.Combine(_fixture.Folder, "export.tar");
        await CtrAsync(world, "images", "export", path, "docker.io/local/thing:v1");
        ImageWorld other = await ImageWorld.MakeAsync(_fixture);
        await using FileStream export = File.OpenRead(path);
        Assert.Equal(["docker.io/local/thing:v1"], await other.Images.ImportAsync(export, null));
        Assert.Equal((await world.Images.OpenAsync("local/thing:v1")).ChainId, (await other.Images.OpenAsync("local/thing:v1")).ChainId);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task What_ctr_imports_without_unpacking_is_opened()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        string path = Path.Combine(_fixture.Folder, "import.tar");
        await File.WriteAllBytesAsync(path, TestArchive.Oci(LowLayer, "docker.io/library/by-ctr:1", blob: TestArchive.Gzip(LowLayer), ending: "+gzip").Build());
        await CtrAsync(world, "images", "import", "--no-unpack", path);

        ImageTree tree = await world.Images.OpenAsync("by-ctr:1");

        Assert.True(File.Exists(Path.Combine(tree.Lowers[0], "hello")));
        Assert.True(await world.Images.RemoveAsync("by-ctr:1"));
        Assert.Empty(await world.Client.Snapshots.ListAsync());
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task Of_many_platforms_the_hosts_is_taken()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] config = TestArchive.Config([LowLayer]);
        byte[] manifest = TestArchive.Manifest(config, (LowLayer, ""));
        JsonObject mine = TestArchive.Descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
        mine["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" };
        JsonObject other = TestArchive.Descriptor("application/vnd.oci.image.manifest.v1+json", "not in the archive"u8.ToArray());
        other["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "arm64" };
        JsonObject attestation = TestArchive.Descriptor("application/vnd.oci.image.manifest.v1+json", "nor this"u8.ToArray());
        attestation["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        byte[] inner = TestArchive.Index(other, attestation, mine);
        JsonObject outer = TestArchive.Descriptor("application/vnd.oci.image.index.v1+json", inner);
        outer["annotations"] = new JsonObject { ["io.containerd.image.name"] = "docker.io/library/many:2" };

        Assert.Equal(
            ["docker.io/library/many:2"],
            await world.ImportAsync(new TestArchive().AddLayout(TestArchive.Index(outer)).AddBlob(inner).AddBlob(manifest).AddBlob(config).AddBlob(LowLayer)));

        Assert.Equal(TestArchive.DigestOf(manifest), (await world.Images.OpenAsync("many:2")).Digest);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task A_name_moves_and_the_old_layers_stay_until_pruned()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        await world.ImportAsync(TestArchive.Oci(LowLayer));
        ImageTree old = await world.Images.OpenAsync("one:1");
        await world.ImportAsync(TestArchive.Oci(HighLayer));

        ImageTree now = await world.Images.OpenAsync("one:1");
        Assert.NotEqual(old.Lowers, now.Lowers);
        Assert.True(Directory.Exists(old.Lowers[0]));

        Assert.Equal(old.Lowers, await world.Images.LowersAsync(old.ChainId));
        Assert.Equal(old.Lowers, await new ImageStore(world.Client).LowersAsync(old.ChainId));
        await world.Images.PruneAsync(new HashSet<string> { old.ChainId });
        Assert.Equal(4, (await world.Client.Snapshots.ListAsync()).Count);
        await world.Images.PruneAsync(new HashSet<string>());
        Assert.DoesNotContain(await world.Client.Snapshots.ListAsync(), s => s.Key.EndsWith(old.ChainId[7..], StringComparison.Ordinal) && s.Kind == SnapshotKind.View);
        ContainerdException gone = await Assert.ThrowsAsync<ContainerdException>(
            async () => await world.Images.LowersAsync("sha256:" + new string('c', 64)));
        Assert.Equal(ContainerdErrorKind.NotFound, gone.Kind);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task A_second_open_takes_no_call()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        await world.ImportAsync(TestArchive.Oci(LowLayer));
        ImageTree first = await world.Images.OpenAsync("one:1");

        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Same(first, await world.Images.OpenAsync("one:1"));
        }

        double each = Stopwatch.GetElapsedTime(begin).TotalMilliseconds / 1000;
        Assert.True(each < 1, $"an open from memory takes {each} ms");
        TestContext.Current.SendDiagnosticMessage($"an open from memory takes {each * 1000:0.0} µs");
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task The_writers_archive_is_imported()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        string layer = Path.Combine(_fixture.Folder, "layer.tar");
        await File.WriteAllBytesAsync(layer, LowLayer);
        using var archive = new MemoryStream();
        var config = new ImageConfig { Env = ["PATH=/"], Cmd = ["/hello"], WorkingDir = "/" };
        await OciImageWriter.WriteAsync(archive, "scratch-one", config, [layer]);

        Assert.Equal(["docker.io/library/scratch-one:latest"], await world.ImportAsync(archive.ToArray()));

        ImageTree tree = await world.Images.OpenAsync("scratch-one");
        Assert.Equal(("/hello", "/", ""), (Assert.Single(tree.Config.Cmd), tree.Config.WorkingDir, tree.Config.User));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task Eight_imports_of_the_same_image_at_once_end_well()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] archive = TestArchive.Oci(LowLayer).Build();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.ImportAsync(archive)));

        Assert.True(File.Exists(Path.Combine((await world.Images.OpenAsync("one:1")).Lowers[0], "hello")));
        Assert.Empty(await world.Client.Leases.ListAsync());
        Assert.True(await world.Images.RemoveAsync("one:1"));
        await world.AssertEmptyAsync();
    }

    private static async Task<byte[]> ZstdAsync(byte[] bytes)
    {
        using Process process = Process.Start(new ProcessStartInfo("zstd")
        {
            ArgumentList = { "-q", "-c" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        using var output = new MemoryStream();
        Task reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(bytes);
        process.StandardInput.Close();
        await reading;
        return output.ToArray();
    }

    private async Task<string> CtrAsync(ImageWorld world, params string[] args)
    {
        var start = new ProcessStartInfo("ctr") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string arg in (string[])["-a", _fixture.Options.SocketPath, "-n", world.Client.Options.Namespace, .. args])
        {
            start.ArgumentList.Add(arg);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return text;
    }
}
