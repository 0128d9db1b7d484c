using System.Formats.Tar;
using System.Text;

namespace Sleigh.Containerd.Tests.Exports;

public sealed class ImageArchiveTests
{
    private static readonly string First = "sha256:" + new string('1', 64);
    private static readonly string Second = "sha256:" + new string('2', 64);

    [Fact]
    public async Task An_archive_is_an_oci_layout_and_a_docker_archive_of_the_same_blobs()
    {
        PlannedLayer[] layers = [Layer(First, 5, "+gzip"), Layer(Second, 6, "+zstd"), Layer(First, 5, "+gzip")];
        ImageDraft image = ImageDraft.Of(layers, "{}"u8.ToArray(), new ImageLimits());
        using var output = new MemoryStream();

        await ImageArchive.WriteAsync(
            image, ImageName.Parse("app:1"), digest => new MemoryStream(Encoding.UTF8.GetBytes(digest == First ? "first" : "second")), output, TestContext.Current.CancellationToken);

        string config = $"blobs/sha256/{Digests.Hex(Digests.Of("{}"u8))}";
        string manifest = $"blobs/sha256/{Digests.Hex(image.ManifestBlob.Digest)}";
        (string Name, string Text)[] members = [.. Members(output.ToArray())];
        Assert.Equal(
            [
                ($"blobs/sha256/{Digests.Hex(First)}", "first"),
                ($"blobs/sha256/{Digests.Hex(Second)}", "second"),
                (config, "{}"),
                (manifest,
                    """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json" """.Trim()
                    + $$""","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Digests.Of("{}"u8)}}","size":2},"layers":["""
                    + $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{First}}","size":5},"""
                    + $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":"{{Second}}","size":6},"""
                    + $$"""{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{First}}","size":5}]}"""),
                ("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""),
                ("index.json",
                    """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["""
                    + $$"""{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{image.ManifestBlob.Digest}}","size":{{image.Manifest.Length}}"""
                    + $$""","platform":{"architecture":"{{OciPlatform.Host.Architecture}}","os":"linux"}"""
                    + ""","annotations":{"io.containerd.image.name":"docker.io/library/app:1","org.opencontainers.image.ref.name":"1"}}]}"""),
                ("manifest.json",
                    $$"""[{"Config":"{{config}}","RepoTags":["app:1"],"Layers":["blobs/sha256/{{Digests.Hex(First)}}","blobs/sha256/{{Digests.Hex(Second)}}","blobs/sha256/{{Digests.Hex(First)}}"]}]"""),
            ],
            members.Select(m => (m.Name, m.Text.Replace("\\u002B", "+", StringComparison.Ordinal))));
    }

    [Fact]
    public void More_layers_than_an_image_may_have_are_refused()
    {
        ImageException refused = Assert.Throws<ImageException>(() => ImageDraft.Of([Layer(First, 1, ""), Layer(Second, 1, "")], [], new ImageLimits { MaxLayers = 1 }));

        Assert.Equal((ImageErrorKind.TooLarge, "the image would have 2 layers, more than the limit of 1"), (refused.Kind, refused.Message));
    }

    [Theory]
    [InlineData(5, "abcde", null)]
    [InlineData(6, "abcde", "could not read the blob sha256:x: it has not the 6 bytes that its manifest says")]
    [InlineData(4, "abcde", "could not read the blob sha256:x: it has not the 4 bytes that its manifest says")]
    public async Task A_blob_of_another_size_than_its_manifest_says_is_an_error(long size, string content, string? error)
    {
        await using var reading = new BlobReading(Parts(content), new Descriptor("", "sha256:x", size));
        using var read = new MemoryStream();
        Task copy = reading.CopyToAsync(read, TestContext.Current.CancellationToken);

        if (error is null)
        {
            await copy;
            Assert.Equal((content, size, size), (Encoding.UTF8.GetString(read.ToArray()), reading.Length, reading.Position));
        }
        else
        {
            Assert.Equal(error, (await Assert.ThrowsAsync<ContainerdException>(() => copy)).Message);
        }
    }

    private static PlannedLayer Layer(string digest, long size, string ending) => new(new Descriptor(MediaTypes.OciLayer + ending, digest, size), digest);

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Parts(string content)
    {
        foreach (char c in content)
        {
            await Task.Yield();
            yield return new[] { (byte)c };
        }
    }

    private static IEnumerable<(string Name, string Text)> Members(byte[] archive)
    {
        using var tar = new TarReader(new MemoryStream(archive));
        while (tar.GetNextEntry() is { } entry)
        {
            using var reader = new StreamReader(entry.DataStream ?? Stream.Null);
            yield return (entry.Name, reader.ReadToEnd());
        }
    }
}
