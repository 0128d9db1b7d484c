using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Archives that are refused: one clear sentence, and nothing half made.</summary>
public sealed class ImageRefusalTests : IClassFixture<PrivateContainerd>
{
    private static readonly byte[] Layer = TestArchive.Layer(("hello", TinyProgram.Print("hello\n")), ("big", new byte[100_000]));

    private readonly PrivateContainerd _fixture;

    public ImageRefusalTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_truncated_archive()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] whole = TestArchive.Oci(Layer).Build();
        int layerAt = whole.AsSpan().IndexOf("GNU"u8) is var at && at > 0 ? at : whole.Length - Layer.Length / 2;

        ImageException error = await world.RefuseAsync(whole[..layerAt]);

        Assert.Equal(ImageErrorKind.BrokenArchive, error.Kind);
        Assert.Matches($"^the archive ends in the middle of the blob 'blobs/sha256/{TestArchive.DigestOf(Layer)[7..]}', after [0-9]+ of {Layer.Length} bytes$", error.Message);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task An_archive_cut_off_anywhere_is_refused()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] whole = TestArchive.Oci(TestArchive.Layer(("a", "b"u8.ToArray()))).Build();
        int end = whole.AsSpan().LastIndexOfAnyExcept((byte)0);
        for (int length = 1; length < end; length += 700)
        {
            ImageException error = await world.RefuseAsync(whole[..length]);
            Assert.True(error.Kind is ImageErrorKind.BrokenArchive, $"{length}: {error.Message}");
        }
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_truncated_gzip()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] whole = TestArchive.Gzip(TestArchive.Oci(Layer).Build());

        ImageException error = await world.RefuseAsync(whole[..(whole.Length / 2)]);

        Assert.Equal(ImageErrorKind.BrokenArchive, error.Kind);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task No_archive_at_all()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);

        Assert.Equal("the archive is empty", (await world.RefuseAsync(Array.Empty<byte>())).Message);
        Assert.Equal("this is no tar archive", (await world.RefuseAsync(Enumerable.Repeat((byte)'x', 2000).ToArray())).Message);
        Assert.Equal(
            "the archive is compressed in a way that is not supported; use gzip or zstd", (await world.RefuseAsync("BZh91AY&SY"u8.ToArray())).Message);
        Assert.Equal(
            "the archive has neither an index.json (OCI layout) nor a manifest.json (docker archive)",
            (await world.RefuseAsync(new TestArchive().Add("a", "b"u8.ToArray()))).Message);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_blob_of_another_digest()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        string name = "blobs/sha256/" + new string('a', 64);

        ImageException error = await world.RefuseAsync(TestArchive.Oci(Layer).Add(name, "x"u8.ToArray()));

        Assert.Equal(
            (ImageErrorKind.WrongDigest, $"the blob '{name}' has the digest {TestArchive.DigestOf("x"u8.ToArray())}, which is not its name"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_layer_that_the_configuration_does_not_know()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] other = TestArchive.Layer(("x", "y"u8.ToArray()));

        ImageException error = await world.RefuseAsync(TestArchive.Oci(Layer, blob: TestArchive.Gzip(other), ending: "+gzip"));

        Assert.Equal(
            (ImageErrorKind.WrongDigest,
                $"the layer {TestArchive.DigestOf(TestArchive.Gzip(other))} unpacks to {TestArchive.DigestOf(other)}, the configuration says {TestArchive.DigestOf(Layer)}"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Names_and_links_that_lead_out()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);

        await RefuseUnsafeAsync(world, a => a.Add("../evil", []), "the archive holds the name '../evil', which leads out of it");
        await RefuseUnsafeAsync(world, a => a.Add("a/../../evil", []), "the archive holds the name 'a/../../evil', which leads out of it");
        await RefuseUnsafeAsync(world, a => a.Add("/etc/evil", []), "the archive holds the name '/etc/evil', which leads out of it");
        await RefuseUnsafeAsync(world, a => a.AddLink("l", "/etc/passwd"), "the archive holds the link 'l' to '/etc/passwd', which leads out of it");
        await RefuseUnsafeAsync(world, a => a.AddLink("d/l", "../../x"), "the archive holds the link 'd/l' to '../../x', which leads out of it");
        await RefuseUnsafeAsync(
            world, a => a.AddLink("h", "/etc/passwd", hard: true), "the archive holds the link 'h' to '/etc/passwd', which leads out of it");
        await RefuseUnsafeAsync(world, a => a.AddFifo("f"), "the archive holds 'f', which is no file, directory or link");
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Links_in_place_of_blobs()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        string name = "blobs/sha256/" + new string('b', 64);
        await RefuseUnsafeAsync(world, a => a.AddLink(name, "../../index.json"), $"the archive holds a link in place of the file '{name}'");
        await RefuseUnsafeAsync(world, a => a.AddLink(name, "index.json", hard: true), $"the archive holds a link in place of the file '{name}'");

        TestArchive docker = new TestArchive().Add("c.json", TestArchive.Config([Layer])).Add("real.tar", Layer).AddLink("l.tar", "real.tar")
            .Add("manifest.json", TestArchive.Json(new JsonArray(new JsonObject { ["Config"] = "c.json", ["Layers"] = new JsonArray("l.tar") })));
        ImageException error = await world.RefuseAsync(docker, "x");
        Assert.Equal((ImageErrorKind.UnsafeArchive, "the archive holds a link in place of a layer, 'l.tar'"), (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Members_that_are_missing_or_twice_there()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] config = TestArchive.Config([Layer]);
        byte[] manifest = TestArchive.Manifest(config, (Layer, ""));
        byte[] index = TestArchive.Index(TestArchive.Descriptor("application/vnd.oci.image.manifest.v1+json", manifest));

        ImageException error = await world.RefuseAsync(new TestArchive().AddLayout(index).AddBlob(manifest).AddBlob(config), "x");
        Assert.Equal(
            (ImageErrorKind.BrokenArchive, $"the archive lacks the blob {TestArchive.DigestOf(Layer)}, which is a layer"), (error.Kind, error.Message));

        error = await world.RefuseAsync(new TestArchive().AddLayout(index).AddBlob(config).AddBlob(Layer), "x");
        Assert.Equal($"the archive lacks the blob {TestArchive.DigestOf(manifest)}, which is an image's manifest", error.Message);

        error = await world.RefuseAsync(TestArchive.Oci(Layer).AddBlob(config));
        Assert.Equal($"the archive holds 'blobs/sha256/{TestArchive.DigestOf(config)[7..]}' twice", error.Message);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Another_platform()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);

        ImageException error = await world.RefuseAsync(TestArchive.Oci(Layer, architecture: "arm64"));

        Assert.Equal((ImageErrorKind.WrongPlatform, "the image is for linux/arm64; this host is linux/amd64"), (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_manifest_that_makes_no_sense()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        byte[] manifest = "[1, 2"u8.ToArray();
        TestArchive broken = new TestArchive().AddLayout(TestArchive.Index(TestArchive.Descriptor("x", manifest))).AddBlob(manifest);
        ImageException error = await world.RefuseAsync(broken, "x");
        Assert.Equal(ImageErrorKind.InvalidImage, error.Kind);
        Assert.StartsWith($"the manifest {TestArchive.DigestOf(manifest)} is not valid JSON of its kind: ", error.Message, StringComparison.Ordinal);

        byte[] chart = TestArchive.Json(new JsonObject { ["schemaVersion"] = 2 });
        error = await world.RefuseAsync(new TestArchive().AddLayout(TestArchive.Index(TestArchive.Descriptor("x", chart))).AddBlob(chart), "x");
        Assert.Equal($"the manifest {TestArchive.DigestOf(chart)} is not an image manifest of schema version 2", error.Message);

        error = await world.RefuseAsync(TestArchive.Oci(Layer, ending: "+secret"));
        Assert.EndsWith("has a layer of the type 'application/vnd.oci.image.layer.v1.tar+secret', which is not supported", error.Message, StringComparison.Ordinal);

        byte[] notTar = new byte[5000];
        notTar[0] = 1;
        error = await world.RefuseAsync(TestArchive.Oci(notTar));
        Assert.Equal(
            $"the layer {TestArchive.DigestOf(notTar)} is broken: the blob 'blobs/sha256/{TestArchive.DigestOf(notTar)[7..]}' is no tar", error.Message);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Names_that_are_missing_or_wrong()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);

        Assert.Equal("the archive names no image; give a name", (await world.RefuseAsync(TestArchive.Oci(Layer, name: null))).Message);
        Assert.Equal(
            "'Not A Name' is not an image name; it is [host/]path[:tag][@sha256:digest] in lower case",
            (await world.RefuseAsync(TestArchive.Oci(Layer), "Not A Name")).Message);

        byte[] second = TestArchive.Config([Layer], os: "linux").Concat(" "u8.ToArray()).ToArray();
        TestArchive two = new TestArchive().Add("l.tar", Layer).Add("a.json", TestArchive.Config([Layer])).Add("b.json", second)
            .Add("manifest.json", TestArchive.Json(new JsonArray(
                new JsonObject { ["Config"] = "a.json", ["Layers"] = new JsonArray("l.tar"), ["RepoTags"] = new JsonArray("a:1") },
                new JsonObject { ["Config"] = "b.json", ["Layers"] = new JsonArray("l.tar"), ["RepoTags"] = new JsonArray("b:1") })));
        byte[] bytes = two.Build();
        Assert.Equal("the archive holds 2 images; import it without a name to keep theirs", (await world.RefuseAsync(bytes, "x")).Message);
        Assert.Equal(["docker.io/library/a:1", "docker.io/library/b:1"], await world.ImportAsync(bytes));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Too_much_of_anything()
    {
        byte[] archive = TestArchive.Oci(Layer).Build();
        string layer = $"blobs/sha256/{TestArchive.DigestOf(Layer)[7..]}";

        await RefuseLargeAsync(
            new ImageLimits { MaxMemberBytes = 10_000 }, archive, $"the archive's member '{layer}' has {Layer.Length} bytes, more than the limit of 10000");
        await RefuseLargeAsync(new ImageLimits { MaxMembers = 3 }, archive, "the archive holds more than the limit of 3 members");
        await RefuseLargeAsync(new ImageLimits { MaxArchiveBytes = 50_000 }, archive, "the archive unpacks to more than the limit of 50000 bytes");
        await RefuseLargeAsync(new ImageLimits { MaxUnpackedBytes = 90_000 }, archive, $"the blob '{layer}' brings the layers to more than the limit of 90000 bytes");
        await RefuseLargeAsync(new ImageLimits { MaxFiles = 1 }, archive, $"the blob '{layer}' brings the layers to more than the limit of 1 files");
        await RefuseLargeAsync(new ImageLimits { MaxLayers = 0 }, archive, "the image has 1 layers, more than the limit of 0");

        byte[] index = TestArchive.Index(TestArchive.Descriptor("x", new byte[3000])).Concat(new byte[5000].Select(_ => (byte)' ')).ToArray();
        await RefuseLargeAsync(
            new ImageLimits { MaxJsonBytes = 2000 },
            new TestArchive().AddLayout(index).Build(),
            $"the archive's index.json has {index.Length} bytes, more than the limit of 2000");
        byte[] manifest = new byte[3000].Select(_ => (byte)' ').ToArray();
        await RefuseLargeAsync(
            new ImageLimits { MaxJsonBytes = 2000 },
            new TestArchive().AddLayout(TestArchive.Index(TestArchive.Descriptor("x", manifest))).AddBlob(manifest).Build(),
            $"the document {TestArchive.DigestOf(manifest)} has 3000 bytes, more than the limit of 2000");
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Bombs()
    {
        byte[] zeros = TestArchive.Layer(("zeros", new byte[20_000_000]));
        byte[] bomb = TestArchive.Gzip(zeros);
        var limits = new ImageLimits { RatioFrom = 1_000_000, MaxRatio = 100 };
        string name = $"the blob 'blobs/sha256/{TestArchive.DigestOf(bomb)[7..]}'";
        await RefuseLargeAsync(
            limits,
            TestArchive.Oci(zeros, blob: bomb, ending: "+gzip").Build(),
            $"{name} unpacks to more than 100 times its size; that is no ordinary image");
        await RefuseLargeAsync(
            limits, TestArchive.Gzip(TestArchive.Oci(zeros).Build()), "the archive unpacks to more than 100 times its size; that is no ordinary image");
        await RefuseLargeAsync(
            new ImageLimits { MaxUnpackedBytes = 5_000_000 },
            TestArchive.Oci(zeros, blob: bomb, ending: "+gzip").Build(),
            $"{name} brings the layers to more than the limit of 5000000 bytes");

        byte[] sparse = new TestArchive().AddSparse("holes", 1L << 45).Build();
        await RefuseLargeAsync(
            new ImageLimits(),
            TestArchive.Oci(sparse).Build(),
            $"the blob 'blobs/sha256/{TestArchive.DigestOf(sparse)[7..]}' brings the layers to more than the limit of 68719476736 bytes");
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_cancelled_import_leaves_nothing()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        using var stop = new CancellationTokenSource();
        byte[] whole = TestArchive.Oci(Layer).Build();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Images.ImportAsync(new StallingStream(whole[..^(Layer.Length / 2)], stop), null, stop.Token));

        await world.AssertEmptyAsync();
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task What_a_dead_daemon_left_is_dropped()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        await world.Client.Leases.CreateAsync("left", null, new Dictionary<string, string> { ["sleigh.import"] = "1" });
        await using (ContentWriter writer = await world.Client.WithLease("left").Content.OpenWriterAsync("sleigh-import-left-0"))
        {
            await writer.WriteAsync("abc"u8.ToArray());
        }

        await world.Images.RecoverAsync();

        await world.AssertEmptyAsync();
    }

    private static async Task RefuseUnsafeAsync(ImageWorld world, Func<TestArchive, TestArchive> add, string message)
    {
        ImageException error = await world.RefuseAsync(add(TestArchive.Oci(Layer)));
        Assert.Equal((ImageErrorKind.UnsafeArchive, message), (error.Kind, error.Message));
    }

    private async Task RefuseLargeAsync(ImageLimits limits, byte[] archive, string message)
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture, limits);
        ImageException error = await world.RefuseAsync(archive);
        Assert.Equal((ImageErrorKind.TooLarge, message), (error.Kind, error.Message));
    }

    /// <summary>Gives its bytes and then nothing, until it is cancelled.</summary>
    private sealed class StallingStream : MemoryStream
    {
        private readonly CancellationTokenSource _stop;

        public StallingStream(byte[] bytes, CancellationTokenSource stop)
            : base(bytes)
        {
            _stop = stop;
        }

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                _stop.CancelAfter(50);
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return read;
        }
    }
}
