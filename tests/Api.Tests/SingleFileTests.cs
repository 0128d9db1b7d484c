using System.Text;
using Sleigh.Api.Requests;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Single files and directories of a sandbox.</summary>
public sealed class SingleFileTests
{
    [Theory]
    [InlineData(null, null, 200, 0, 10)]
    [InlineData("bytes=2-5", null, 206, 2, 4)]
    [InlineData("bytes=2-", null, 206, 2, 8)]
    [InlineData("bytes=9-9", null, 206, 9, 1)]
    [InlineData("bytes=5-99999999999999999999999", null, 206, 5, 5)]
    [InlineData("bytes=-3", null, 206, 7, 3)]
    [InlineData("bytes=-30", null, 206, 0, 10)]
    [InlineData("BYTES=0-0", null, 206, 0, 1)]
    [InlineData("bytes=10-", null, 416, 0, 0)]
    [InlineData("bytes=99999999999999999999-", null, 416, 0, 0)]
    [InlineData("bytes=-0", null, 416, 0, 0)]
    [InlineData("bytes=5-2", null, 200, 0, 10)]
    [InlineData("bytes=0-1,3-4", null, 200, 0, 10)]
    [InlineData("bytes=", null, 200, 0, 10)]
    [InlineData("bytes=-", null, 200, 0, 10)]
    [InlineData("bytes=a-b", null, 200, 0, 10)]
    [InlineData("bytes=+1-2", null, 200, 0, 10)]
    [InlineData("lines=1-2", null, 200, 0, 10)]
    [InlineData("bytes=2-5", "\"t\"", 206, 2, 4)]
    [InlineData("bytes=2-5", "\"u\"", 200, 0, 10)]
    [InlineData("bytes=2-5", "Mon, 05 Jan 2026 09:00:01 GMT", 200, 0, 10)]
    public void A_range_is_served_or_left_alone(string? range, string? condition, int status, long from, long count) =>
        Assert.Equal(new ByteRange(status, new FilePart(from, count)), ByteRange.Of(range, condition, "\"t\"", 10));

    [Theory]
    [InlineData("bytes=0-0", 416, 0)]
    [InlineData("bytes=-1", 416, 0)]
    [InlineData(null, 200, 0)]
    public void An_empty_file_has_no_range(string? range, int status, long count) =>
        Assert.Equal(new ByteRange(status, new FilePart(0, count)), ByteRange.Of(range, null, "\"t\"", 0));

    [Fact]
    public async Task A_file_comes_with_its_length_time_and_tag_and_by_ranges()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        api.Parts.Files.Content = Encoding.ASCII.GetBytes("0123456789");
        Task<string> Ask(string method, string header = "") => api.RawAsync(
            $"{method} /sandboxes/{sandbox}/files?path=/x HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {token}\r\n{header}Connection: close\r\n\r\n");

        string whole = await Ask("GET");
        foreach (string part in (string[])[
            "HTTP/1.1 200 ", "\r\nContent-Length: 10\r\n", "\r\nContent-Type: application/octet-stream\r\n", "\r\nAccept-Ranges: bytes\r\n", "\r\nETag: \"v1\"\r\n",
            "\r\nLast-Modified: Mon, 05 Jan 2026 09:00:01 GMT\r\n"])
        {
            Assert.Contains(part, whole, StringComparison.Ordinal);
        }

        Assert.EndsWith("\r\n\r\n0123456789", whole, StringComparison.Ordinal);

        string head = await Ask("HEAD");
        Assert.Contains("\r\nContent-Length: 10\r\n", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);

        string some = await Ask("GET", "Range: bytes=2-5\r\nIf-Range: \"v1\"\r\n");
        Assert.StartsWith("HTTP/1.1 206 ", some, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Range: bytes 2-5/10\r\n", some, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n2345", some, StringComparison.Ordinal);

        string behind = await Ask("GET", "Range: bytes=10-\r\n");
        Assert.StartsWith("HTTP/1.1 416 ", behind, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Range: bytes */10\r\n", behind, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"range_not_satisfiable\"", behind, StringComparison.Ordinal);
        Assert.DoesNotContain("ETag", behind, StringComparison.Ordinal);
        Assert.Contains("the range begins behind the end of the file, which has 10 bytes", behind, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_becomes_shorter_breaks_the_connection_or_is_an_error_before_the_first_byte()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{api.Port}") };
        http.DefaultRequestHeaders.Add("X-Session-Token", token);
        var address = new Uri($"/sandboxes/{sandbox}/files?path=/x", UriKind.Relative);
        api.Parts.Files.Content = new byte[200_000];
        api.Parts.Files.ShorterBy = 1;

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetByteArrayAsync(address));

        api.Parts.Files.ShorterBy = 200_000;
        using HttpResponseMessage busy = await http.GetAsync(address);
        Assert.Equal(409, (int)busy.StatusCode);
        Assert.Null(busy.Headers.ETag);
        Assert.Contains("path /x was being changed", await busy.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_of_any_size_says_what_it_made()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { MaxBodyBytes = 1024 } });
        (string token, string sandbox) = await api.SandboxAsync();
        string body = """{"session_token":5,""" + new string('x', 100_000);

        Answer made = await api.SendAsync("PUT", $"/sandboxes/{sandbox}/files?path=/a/b&mode=4755&user=7:8", body, token);
        string arguments = api.Files.Arguments!;
        Answer replaced = await api.SendAsync("PUT", $"/sandboxes/{sandbox}/files?path=/a/b", null, token);

        Assert.Equal((201, """{"path":"/a/b","bytes":100019,"created":true,"mode":"4755","uid":7,"gid":8}"""), (made.Status, made.Body));
        Assert.Equal("2541 7:8", arguments);
        Assert.Equal((200, """{"path":"/a/b","bytes":0,"created":false,"mode":"0644","uid":7,"gid":8}"""), (replaced.Status, replaced.Body));
        Assert.Equal(" ", api.Files.Arguments);
        Assert.Equal(body, Encoding.UTF8.GetString(api.Files.Written[0].Body));
    }

    [Fact]
    public async Task A_directory_is_listed_with_names_that_are_no_text()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        FileDetails link = api.Files.Details with { Kind = "symlink", LinkTarget = "../x" };
        api.Files.Listing = new FileList([new("a"u8.ToArray(), api.Files.Details), new(new byte[] { 0x62, 0xFF }, link)], new byte[] { 0x62, 0xFF });

        Answer listed = await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/list?path=/d&limit=2&after_base64=Yv8=", null, token);
        string behind = api.Files.Arguments!;
        api.Files.Listing = new FileList([], "é"u8.ToArray());
        Answer next = await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/list?path=/d&after=%C3%A9", null, token);
        string plain = api.Files.Arguments!;
        api.Files.Listing = new FileList([], null);
        Answer none = await api.SendAsync("GET", $"/sandboxes/{sandbox}/files/list?path=/d", null, token);

        Assert.Equal("62FF 2", behind);
        Assert.Equal("C3A9 1000", plain);
        Assert.Equal(
            """{"path":"/d","items":[{"name":"a","kind":"file","size":42,"mode":"0644","uid":0,"gid":4294967294,"modified":"2026-01-05T09:00:01.120Z"},"""
            + "{\"name\":\"b\uFFFD\",\"name_base64\":\"Yv8=\"," + """
            "kind":"symlink","size":42,"mode":"0644","uid":0,"gid":4294967294,"modified":"2026-01-05T09:00:01.120Z","link_target":"../x"}],
            """.Trim() + "\"next\":\"b\uFFFD\",\"next_base64\":\"Yv8=\"}",
            listed.Body);
        Assert.Equal("""{"path":"/d","items":[],"next":"é"}""", next.Body);
        Assert.Equal("""{"path":"/d","items":[]}""", none.Body);
    }

    [Fact]
    public async Task A_removal_says_whether_directories_go_too()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        foreach ((string query, string recursive) in ((string, string)[])[("", "False"), ("&recursive=false", "False"), ("&recursive=true", "True")])
        {
            Answer gone = await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/files?path=/x{query}", null, token);
            Assert.Equal((204, "", recursive), (gone.Status, gone.Body, api.Files.Arguments));
        }
    }

    [Theory]
    [InlineData("PUT", "files", "mode=8", "mode", "bad request: mode must be an octal number from 0 to 7777, such as 0644")]
    [InlineData("PUT", "files", "mode=", "mode", "bad request: mode must be an octal number from 0 to 7777, such as 0644")]
    [InlineData("PUT", "files", "mode=10000", "mode", "bad request: mode must be an octal number from 0 to 7777, such as 0644")]
    [InlineData("PUT", "files", "mode=77777777777777777777", "mode", "bad request: mode must be an octal number from 0 to 7777, such as 0644")]
    [InlineData("PUT", "files", "user=a:b:c", "user", "bad request: user must be a user name, a uid, or uid:gid")]
    [InlineData("DELETE", "files", "recursive=yes", "recursive", "bad request: recursive must be one of: true, false")]
    [InlineData("GET", "files/list", "limit=0", "limit", "bad request: limit must be 1 to 10000")]
    [InlineData("GET", "files/list", "limit=10001", "limit", "bad request: limit must be 1 to 10000")]
    [InlineData("GET", "files/list", "limit=x", "limit", "bad request: limit must be 1 to 10000")]
    [InlineData("GET", "files/list", "after=a%2Fb", "after", "bad request: after must be a file's name")]
    [InlineData("GET", "files/list", "after=a%00", "after", "bad request: after must be a file's name")]
    [InlineData("GET", "files/list", "after_base64=!", "after_base64", "bad request: after_base64 must be a file's name")]
    [InlineData("GET", "files/list", "after_base64=Lw==", "after_base64", "bad request: after_base64 must be a file's name")]
    public async Task A_wrong_parameter_is_named_and_nothing_is_done(string method, string endpoint, string query, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer wrong = (await api.SendAsync(method, $"/sandboxes/{sandbox}/{endpoint}?path=/x&{query}", null, token)).Is(400, "invalid_argument", error);

        Assert.Equal(field, wrong.Detail("field"));
        Assert.Null(api.Files.Asked);
        Assert.Empty(api.Files.Written);
    }
}
