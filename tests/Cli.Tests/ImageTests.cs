using System.Security.Cryptography;
using System.Text;
using Sleigh.Cli.Http;

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
    public async Task Bootstrap_shows_progress_to_people_and_ends_with_the_image()
    {
        await using FakeServer server = FakeServer.Answering(_ => Lines(
            "{\"progress\":\"I: running apt-get update...\"}\n{\"progress\":\"I: \\u001b[1mdone\"}\n{\"image\":{\"name\":\"base\",\"size_bytes\":1}}\n"));

        CliRun people = await CliRun.OfAsync(["image", "bootstrap", "base", "--include", "python3, git,"], server.SocketPath);
        CliRun programs = await CliRun.OfAsync(["image", "bootstrap", "base", "--suite", "trixie", "-o", "json"], server.SocketPath);

        Assert.Equal((0, "base\n", "I: running apt-get update...\nI:  [1mdone\n"), (people.ExitCode, people.Stdout, people.Stderr));
        Assert.Equal(("base", ""), ((string?)programs.Json["name"], programs.Stderr));
        Assert.Equal(
            ["""{"name":"base","suite":"bookworm","include":["python3","git"]}""", """{"name":"base","suite":"trixie"}"""],
            server.Requests.Select(r => r.Text));
    }

    [Theory]
    [InlineData("{\"progress\":\"x\"}\n{\"error\":\"no such suite\",\"code\":\"invalid_argument\",\"hint\":\"look\"}\n", "sleighctl: no such suite\n  look\n")]
    [InlineData("{\"progress\":\"x\"}\n", "sleighctl: the daemon's answer ended without an image\n")]
    [InlineData("", "sleighctl: the daemon's answer ended without an image\n")]
    [InlineData("{\"progress\":\"x\"}\nnonsense\n", "sleighctl: the answer (status 200) is not a JSON object: nonsense\n")]
    public async Task A_bootstrap_that_fails_half_way_is_a_failure(string lines, string expected)
    {
        await using FakeServer server = FakeServer.Answering(_ => Lines(lines));

        CliRun run = await CliRun.OfAsync(["image", "bootstrap", "base"], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains(expected, run.Stderr, StringComparison.Ordinal);
        Assert.Empty(run.StdoutBytes);
    }

    [Fact]
    public async Task A_bootstrap_that_is_refused_at_once_is_an_ordinary_error()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(400, """{"error":"name is not an image name","code":"invalid_argument"}"""));

        Assert.Equal("sleighctl: name is not an image name\n", (await CliRun.OfAsync(["image", "bootstrap", "Bad Name"], server.SocketPath)).Stderr);
    }

    [Fact]
    public void Lines_are_handed_on_as_soon_as_they_are_whole()
    {
        List<string> seen = [];
        using var splitter = new LineSplitter(line => seen.Add(Encoding.UTF8.GetString(line)));

        splitter.Write("on"u8);
        Assert.Empty(seen);
        splitter.Write("e\n\ntwo\nth"u8);
        Assert.Equal(["one", "two"], seen);
        splitter.End();
        Assert.Equal(["one", "two", "th"], seen);
    }

    // Each line in a chunk of its own, as a server that flushes sends it.
    private static byte[] Lines(string lines) => Encoding.UTF8.GetBytes(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + string.Concat(lines.Split('\n').SkipLast(1).Select(l => $"{Encoding.UTF8.GetByteCount(l) + 1:x}\r\n{l}\n\r\n")) + "0\r\n\r\n");
}
