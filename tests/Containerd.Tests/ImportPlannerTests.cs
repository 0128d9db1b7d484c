using System.Text;

namespace Sleigh.Containerd.Tests;

/// <summary>What an archive means, by its documents alone.</summary>
public sealed class ImportPlannerTests
{
    private static readonly string LayerDigest = Digests.Of("layer"u8);
    private static readonly string DiffId = Digests.Of("diff"u8);

    private readonly ArchiveContents _contents = new();
    private readonly Dictionary<string, byte[]> _stored = [];

    [Fact]
    public async Task One_image_of_two_names_is_one_image()
    {
        string manifest = AddImage();
        AddLayout(Entry(manifest, "a:1"), Entry(manifest, "b:2"));

        PlannedImage image = Assert.Single(await PlanAsync());

        Assert.Equal(["a:1", "b:2"], image.Names);
        Assert.Equal(Digests.Of(Encoding.UTF8.GetBytes(manifest)), image.Target.Digest);
        Assert.Equal(new PlannedLayer(new Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", LayerDigest, 5), DiffId), Assert.Single(image.Layers));
        Assert.Null(image.NewManifest);
    }

    [Theory]
    [InlineData("latest", 0)]
    [InlineData("thing:latest", 1)]
    [InlineData("a/b", 1)]
    public async Task A_bare_tag_is_no_name(string reference, int names)
    {
        AddLayout(Entry(AddImage(), reference));

        Assert.Equal(names, Assert.Single(await PlanAsync()).Names.Count);
    }

    [Fact]
    public async Task A_docker_archive_gets_a_manifest_of_its_own()
    {
        _contents.Members["layer.tar"] = new BlobFacts(LayerDigest, 5, Compression.None, DiffId, null);
        AddDocument("c.json", Config("amd64"));
        _contents.Documents["manifest.json"] = """[{"Config":"c.json","RepoTags":["x:1"],"Layers":["layer.tar"]}]"""u8.ToArray();

        PlannedImage image = Assert.Single(await PlanAsync());

        Assert.Equal(["x:1"], image.Names);
        Assert.Equal(Digests.Of(image.NewManifest), image.Target.Digest);
        Assert.Contains(LayerDigest, Encoding.UTF8.GetString(image.NewManifest!), StringComparison.Ordinal);
    }

    [Fact]
    public Task A_docker_archive_whose_members_are_missing_is_refused()
    {
        _contents.Documents["manifest.json"] = """[{"Config":"c.json","Layers":["layer.tar"]}]"""u8.ToArray();
        return RefuseAsync(ImageErrorKind.BrokenArchive, "the archive lacks the member 'c.json', which is an image's configuration");
    }

    [Fact]
    public Task Too_few_layers_are_refused()
    {
        AddDocument("c.json", Config("amd64"));
        _contents.Documents["manifest.json"] = """[{"Config":"c.json","Layers":[]}]"""u8.ToArray();
        return RefuseAsync(ImageErrorKind.InvalidImage, "the configuration 'c.json' names 1 layers, the manifest 0");
    }

    [Fact]
    public Task An_index_without_a_layout_file_is_refused()
    {
        _contents.Documents["index.json"] = """{"manifests":[]}"""u8.ToArray();
        return RefuseAsync(ImageErrorKind.BrokenArchive, "the archive has an index.json but no oci-layout");
    }

    [Fact]
    public Task An_empty_index_is_refused()
    {
        AddLayout();
        return RefuseAsync(ImageErrorKind.InvalidImage, "the archive names no image");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"manifests\":")]
    [InlineData("\"text\"")]
    public async Task A_cut_off_index_is_refused(string json)
    {
        AddLayout();
        _contents.Documents["index.json"] = Encoding.UTF8.GetBytes(json);

        var error = await Assert.ThrowsAsync<ImageException>(PlanAsync);

        Assert.StartsWith("the archive's index.json is not valid JSON of its kind: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_size_that_is_not_the_blobs_is_refused()
    {
        string manifest = AddImage();
        AddLayout(Entry(manifest, "a:1").Replace($"\"size\":{manifest.Length}", "\"size\":1", StringComparison.Ordinal));
        string digest = Digests.Of(Encoding.UTF8.GetBytes(manifest));
        return RefuseAsync(ImageErrorKind.WrongDigest, $"an image's manifest, the blob {digest}, has {manifest.Length} bytes and not 1");
    }

    [Fact]
    public Task Other_platforms_are_listed()
    {
        AddLayout(Entry(AddImage("riscv64"), "a:1"), Entry(AddImage("arm64"), "a:1"));
        return RefuseAsync(ImageErrorKind.WrongPlatform, $"the image is for linux/arm64, linux/riscv64; this host is {OciPlatform.Host}");
    }

    [Fact]
    public Task An_index_that_holds_itself_too_deeply_is_refused()
    {
        string inner = AddImage();
        for (int i = 0; i < 5; i++)
        {
            inner = AddStored($$"""{"schemaVersion":2,"manifests":[{{Entry(inner, "x:1")}}]}""");
        }

        AddLayout(Entry(inner, "a:1"));
        return RefuseAsync(ImageErrorKind.TooLarge, null);
    }

    private static string Config(string architecture) =>
        $$$"""{"os":"linux","architecture":"{{{architecture}}}","rootfs":{"type":"layers","diff_ids":["{{{DiffId}}}"]}}""";

    private static string Entry(string manifest, string name) =>
        $$$"""{"digest":"{{{Digests.Of(Encoding.UTF8.GetBytes(manifest))}}}","size":{{{manifest.Length}}},"annotations":{"org.opencontainers.image.ref.name":"{{{name}}}"}}""";

    private void AddLayout(params string[] entries)
    {
        _contents.Documents["oci-layout"] = "{}"u8.ToArray();
        _contents.Documents["index.json"] = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries)}}]}""");
    }

    private string AddImage(string architecture = "amd64")
    {
        string config = AddStored(Config(architecture));
        _contents.Members[ArchiveContents.BlobName(LayerDigest)] = new BlobFacts(LayerDigest, 5, Compression.Gzip, DiffId, null);
        string layer = $$"""{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"{{LayerDigest}}","size":5}""";
        return AddStored($$"""{"schemaVersion":2,"config":{{Entry(config, "c")}},"layers":[{{layer}}]}""");
    }

    private string AddStored(string json)
    {
        AddDocument(ArchiveContents.BlobName(Digests.Of(Encoding.UTF8.GetBytes(json))), json);
        return json;
    }

    private void AddDocument(string name, string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        _stored[Digests.Of(bytes)] = bytes;
        _contents.Members[name] = new BlobFacts(Digests.Of(bytes), bytes.Length, Compression.None, null, "no tar");
    }

    private Task<IReadOnlyList<PlannedImage>> PlanAsync() =>
        new ImportPlanner(_contents, digest => Task.FromResult(_stored[digest]), new ImageLimits()).PlanAsync();

    private async Task RefuseAsync(ImageErrorKind kind, string? message)
    {
        var error = await Assert.ThrowsAsync<ImageException>(PlanAsync);
        Assert.Equal((kind, message ?? error.Message), (error.Kind, error.Message));
    }
}
