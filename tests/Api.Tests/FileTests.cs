using System.Text;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Files in and out of a sandbox.</summary>
public sealed class FileTests
{
    [Fact]
    public async Task Stat_tells_what_is_there()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer file = await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/stat?path=/a%20b%2Fc", null, token);
        api.Files.Details = api.Files.Details with { Kind = "symlink", Mode = 0xFFF, LinkTarget = "../x" };
        Answer link = await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/stat?path=/l", null, token);

        Assert.Equal(
            """{"path":"/a b/c","kind":"file","size":42,"mode":"0644","uid":0,"gid":4294967294,"modified":"2026-01-05T09:00:01.120Z"}""", file.Body);
        Assert.EndsWith("""
            "mode":"7777","uid":0,"gid":4294967294,"modified":"2026-01-05T09:00:01.120Z","link_target":"../x"}
            """, link.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "files/stat")]
    [InlineData("GET", "files/archive")]
    [InlineData("PUT", "files/archive")]
    [InlineData("GET", "files")]
    [InlineData("PUT", "files")]
    [InlineData("DELETE", "files")]
    [InlineData("GET", "files/list")]
    public async Task A_path_must_be_sent_and_be_absolute(string method, string endpoint)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync(method, $"/sandboxes/{sandbox}/{endpoint}", null, token)).Is(400, "bad_request", "bad request: path is required");
        foreach (string path in (string[])["", "x", "%00", "/a%00b", "/" + new string('x', 4095)])
        {
            Answer wrong = await api.SendAsync(method, $"/sandboxes/{sandbox}/{endpoint}?path={path}", null, token);
            wrong.Is(400, "invalid_argument", "bad request: path must be an absolute path of at most 4095 bytes");
            Assert.Equal("path", wrong.Detail("field"));
        }

        Assert.Null(api.Files.Asked);
        Assert.Empty(api.Files.Written);
    }

    [Theory]
    [InlineData("GET", "files/stat")]
    [InlineData("GET", "files/archive")]
    [InlineData("PUT", "files/archive")]
    [InlineData("GET", "files")]
    [InlineData("PUT", "files")]
    [InlineData("DELETE", "files")]
    [InlineData("GET", "files/list")]
    public async Task Only_the_owner_and_the_administrator_reach_files(string method, string endpoint)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string path = $"/sandboxes/{sandbox}/{endpoint}?path=/x";

        (await api.SendAsync(method, path, "tar")).Is(400, "session_token_required");
        (await api.SendAsync(method, path, "tar", api.Token())).Is(403, "forbidden");
        (await api.SendAsync(method, path, "tar", "sess_" + new string('0', 32))).Is(401, "unauthenticated");
        (await api.SendAsync(method, $"/sandboxes/sbx_{new string('0', 32)}/{endpoint}?path=/x", "tar", token)).Is(404, "not_found");
        Assert.Empty(api.Files.Written);
        Assert.InRange((await api.SendAsync(method, $"{path}&session_token={token}", "tar")).Status, 200, 204);
        api.Socket = true;
        Assert.InRange((await api.SendAsync(method, path, "tar")).Status, 200, 204);
    }

    [Fact]
    public async Task A_body_is_taken_as_it_is_and_may_be_larger_than_other_bodies()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { MaxBodyBytes = 1024 } });
        (string token, string sandbox) = await api.SandboxAsync();
        string body = """{"session_token":5,""" + new string('x', 100_000);

        Answer written = await api.SendAsync("PUT", $"/sandboxes/{sandbox}/files/archive?path=/dir/", body, token);

        Assert.Equal("""{"path":"/dir/","files":2,"bytes":100019}""", written.Body);
        Assert.Equal((sandbox, "/dir/"), (api.Files.Written[0].Sandbox.ToString(), api.Files.Written[0].Path));
        Assert.Equal(body, Encoding.UTF8.GetString(api.Files.Written[0].Body));
    }

    [Fact]
    public async Task A_failure_before_the_first_byte_is_an_error_reply()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Files.Fail = new RuntimeException(ErrorKind.PathNotAllowed, "no way") { Details = new Dictionary<string, object> { ["entry"] = "a/b" } };

        (await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/archive?path=/x", null, token)).Is(400, "path_not_allowed", "no way");
        Assert.Equal(400, (await api.SendAsync("HEAD", $"/sandboxes/{sandbox}/files/archive?path=/x", null, token)).Status);
        Answer put = (await api.SendAsync("PUT", $"/sandboxes/{sandbox}/files/archive?path=/x", "tar", token)).Is(400, "path_not_allowed");
        Assert.Equal("a/b", put.Detail("entry"));
    }

    [Fact]
    public async Task An_archive_streams_and_ends_with_the_last_chunk()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        api.Parts.Files.Archive = Encoding.ASCII.GetBytes("archive!");
        string Request(string method) =>
            $"{method} /sandboxes/{sandbox}/files/archive?path=/x HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\nConnection: close\r\n\r\n";

        string reply = await api.RawAsync(Request("GET"));
        string head = await api.RawAsync(Request("HEAD"));

        Assert.StartsWith("HTTP/1.1 200 ", reply, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/x-tar\r\n", reply, StringComparison.Ordinal);
        Assert.EndsWith("8\r\narchive!\r\n0\r\n\r\n", reply, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", head, StringComparison.Ordinal);
        Assert.DoesNotContain("archive!", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_that_fails_half_way_ends_without_its_last_chunk()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        api.Parts.Files.Archive = new byte[200_000];
        api.Parts.Files.Fail = new RuntimeException(ErrorKind.SandboxBusy, "rolled back");

        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{api.Port}") };
        http.DefaultRequestHeaders.Add("X-Session-Token", token);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetByteArrayAsync(new Uri($"/sandboxes/{sandbox}/files/archive?path=/x", UriKind.Relative)));
        Assert.Contains(api.Parts.Log.Lines, line => line.Contains("the response had begun", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_upload_from_which_nothing_comes_is_given_up()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        api.Parts.Time.Hurry = 100;

        string reply = await api.RawAsync(
            $"PUT /sandboxes/{sandbox}/files/archive?path=/x HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\nContent-Length: 10\r\n\r\nhalf");
        string broken = await api.RawAsync(
            $"PUT /sandboxes/{sandbox}/files/archive?path=/x HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        Assert.StartsWith("HTTP/1.1 408 ", reply, StringComparison.Ordinal);
        Assert.Contains("nothing of the request body came for 30 seconds", reply, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 ", broken, StringComparison.Ordinal);
        Assert.Empty(api.Parts.Files.Written);
    }

    [Fact]
    public async Task An_upload_without_a_body_is_refused()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();

        string reply = await api.RawAsync(
            $"PUT /sandboxes/{sandbox}/files/archive?path=/x HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"empty_body\"", reply, StringComparison.Ordinal);
    }
}
