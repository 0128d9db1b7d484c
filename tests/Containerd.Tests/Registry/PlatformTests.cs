namespace Sleigh.Containerd.Tests.Registry;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64/v1", "linux/amd64", true)]
    [InlineData("linux/amd64/v3", "linux/amd64", false)]
    [InlineData("linux/amd64/v2", "linux/amd64/v3", true)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm64/v8", "linux/aarch64", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", false)]
    [InlineData("windows/amd64", "linux/amd64", false)]
    [InlineData("linux/386", "linux/amd64", false)]
    public void A_platform_runs_on_itself_and_on_higher_variants(string offered, string host, bool runs) =>
        Assert.Equal(runs, OciPlatform.TryParse(offered)!.RunsOn(OciPlatform.TryParse(host)!));

    [Theory]
    [InlineData("")]
    [InlineData("linux")]
    [InlineData("linux/")]
    [InlineData("linux/a/b/c")]
    [InlineData("Linux/amd64")]
    [InlineData("linux/amd 64")]
    public void Anything_else_is_no_platform(string text) => Assert.False(ImagePuller.IsPlatform(text));

    [Fact]
    public async Task The_best_variant_of_an_index_is_taken()
    {
        string[] platforms = ["linux/arm/v5", "linux/arm/v7", "linux/arm/v6", "linux/arm64/v8"];
        Dictionary<string, string> blobs = new(StringComparer.Ordinal);
        List<string> entries = [];
        foreach (string platform in platforms)
        {
            string config = Digest("config " + platform);
            string manifest = Digest(platform);
            string[] parts = platform.Split('/');
            blobs[config] = $$$"""{"os":"linux","architecture":"{{{parts[1]}}}","rootfs":{"diff_ids":["{{{config}}}"]}}""";
            blobs[manifest] = $$$"""
                {"schemaVersion":2,"config":{"digest":"{{{config}}}"},
                "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{{config}}}"}]}
                """;
            entries.Add($$$"""{"digest":"{{{manifest}}}","platform":{"os":"linux","architecture":"{{{parts[1]}}}","variant":"{{{parts[2]}}}"}}""");
        }

        blobs["index"] = $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries)}}]}""";

        Assert.Equal(Digest("linux/arm/v7"), await FindAsync(blobs, "linux/arm"));
        Assert.Equal(Digest("linux/arm/v6"), await FindAsync(blobs, "linux/arm/v6"));
        Assert.Equal(Digest("linux/arm64/v8"), await FindAsync(blobs, "linux/arm64"));
        Assert.Null(await FindAsync(blobs, "linux/amd64"));
    }

    [Fact]
    public async Task A_document_that_is_index_and_image_at_once_is_refused()
    {
        Dictionary<string, string> blobs = new(StringComparer.Ordinal) { ["index"] = """{"schemaVersion":2,"manifests":[],"layers":[]}""" };

        ImageException error = await Assert.ThrowsAsync<ImageException>(() => FindAsync(blobs, "linux/amd64"));

        Assert.Equal("the manifest index is an index and an image at once", error.Message);
    }

    private static string Digest(string text) => Digests.Of(System.Text.Encoding.UTF8.GetBytes(text));

    private static async Task<string?> FindAsync(Dictionary<string, string> blobs, string platform)
    {
        var documents = new ImageDocuments(
            (d, _) => Task.FromResult(System.Text.Encoding.UTF8.GetBytes(blobs[d.Digest!])), new ImageLimits(), OciPlatform.TryParse(platform));
        return (await documents.FindAsync(new OciDescriptor { Digest = "index" }, new SortedSet<string>()))?.Target.Digest;
    }
}
