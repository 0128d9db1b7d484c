using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sleigh.Cli.Images;

namespace Sleigh.Cli.Tests;

public sealed class ImageTests
{
    [Fact]
    public async Task Import_streams_the_file_under_the_given_name()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(201, """{"items":[{"name":"app:1"},{"name":"app:2"}]}"""));
        byte[] archive = RandomNumberGenerator.GetBytes(200_000);
        string path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, archive);

        CliRun run = await CliRun.OfAsync(["image", "import", path, "--name", "my/app:1"], server.SocketPath);
        File.Delete(path);

        Assert.Equal((0, "app:1\napp:2\n"), (run.ExitCode, run.Stdout));
        Request request = Assert.Single(server.Requests);
        Assert.Equal("/admin/images/import?name=my%2Fapp%3A1", request.Target);
        Assert.Equal(archive, request.Body);
    }

    [Fact]
    public async Task Import_of_a_dash_reads_standard_input()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(201, """{"items":[]}"""));

        await CliRun.OfAsync(["image", "import", "-"], server.SocketPath, "a tar"u8.ToArray());

        Request request = Assert.Single(server.Requests);
        Assert.Equal(("/admin/images/import", "a tar"), (request.Target, request.Text));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named()
    {
        CliRun run = await CliRun.OfAsync(["image", "import", "/tmp/sl-none/x.tar"], "/tmp/sl-none/s");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith("sleighctl: cannot read /tmp/sl-none/x.tar: ", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rm_escapes_the_name()
    {
        await using FakeServer server = FakeServer.Answering(_ => "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray());

        CliRun run = await CliRun.OfAsync(["image", "rm", "a/b:c&d"], server.SocketPath);

        Assert.Equal("a/b:c&d\n", run.Stdout);
        Assert.Equal("/admin/images?name=a%2Fb%3Ac%26d", Assert.Single(server.Requests).Target);
    }

    [Fact]
    public async Task Bootstrap_finds_a_missing_daemon_before_the_work()
    {
        CliRun run = await CliRun.OfAsync(["image", "bootstrap", "x"], "/tmp/sl-none/s");

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
    }

    [Fact]
    public async Task The_archive_is_an_image_layout_whose_digests_are_right()
    {
        string layerPath = Path.GetTempFileName();
        byte[] layer = RandomNumberGenerator.GetBytes(12_345);
        await File.WriteAllBytesAsync(layerPath, layer);
        var image = new OciImage("base", "amd64", new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero), "a test");

        using var tar = new MemoryStream();
        await (await OciArchive.OfLayerAsync(layerPath, image, CancellationToken.None)).WriteAsync(tar, CancellationToken.None);
        File.Delete(layerPath);

        Dictionary<string, byte[]> files = ReadTar(tar);
        Assert.Equal("oci-layout", files.Keys.First());
        Assert.All(files.Where(f => f.Key.StartsWith("blobs/", StringComparison.Ordinal)), f =>
            Assert.Equal(f.Key, "blobs/sha256/" + Convert.ToHexStringLower(SHA256.HashData(f.Value))));
        JsonNode manifest = JsonNode.Parse(Follow(files, JsonNode.Parse(files["index.json"])!["manifests"]![0]!))!;
        Assert.Equal(layer, Follow(files, manifest["layers"]![0]!));
        JsonNode config = JsonNode.Parse(Follow(files, manifest["config"]!))!;
        Assert.Equal("amd64", (string?)config["architecture"]);
        Assert.Equal((string?)manifest["layers"]![0]!["digest"], (string?)config["rootfs"]!["diff_ids"]![0]);
    }

    [Fact]
    public void Bootstrap_brings_no_device_nodes_and_nothing_of_this_hosts_network()
    {
        IReadOnlyList<string> arguments = new Bootstrap { Suite = "bookworm", Include = "python3,git", Mirror = "http://mirror" }.Arguments("/t/root.tar");

        Assert.Contains("--skip=output/dev", arguments);
        Assert.Contains("--include=python3,git", arguments);
        Assert.Contains(arguments, a => a.StartsWith("--customize-hook=", StringComparison.Ordinal) && a.Contains("resolv.conf", StringComparison.Ordinal));
        Assert.Equal(["bookworm", "/t/root.tar", "http://mirror"], arguments.TakeLast(3));
        Assert.DoesNotContain(new Bootstrap { Suite = "trixie" }.Arguments("t"), a => a.StartsWith("--include", StringComparison.Ordinal));
    }

    private static byte[] Follow(Dictionary<string, byte[]> files, JsonNode descriptor)
    {
        byte[] blob = files["blobs/" + ((string)descriptor["digest"]!).Replace(':', '/')];
        Assert.Equal(blob.Length, (long)descriptor["size"]!);
        return blob;
    }

    private static Dictionary<string, byte[]> ReadTar(MemoryStream tar)
    {
        tar.Position = 0;
        using var reader = new TarReader(tar);
        Dictionary<string, byte[]> files = [];
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using var data = new MemoryStream();
            entry.DataStream?.CopyTo(data);
            files.Add(entry.Name, data.ToArray());
        }

        return files;
    }
}
