using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Exports of snapshots, and images of them.</summary>
public sealed class SnapshotExportTests
{
    [Theory]
    [InlineData("", "OciGzip ", "application/x-tar", ".tar")]
    [InlineData("?format=oci&compression=gzip&name=me%2Fapp%3A1", "OciGzip me/app:1", "application/x-tar", ".tar")]
    [InlineData("?compression=zstd", "OciZstd ", "application/x-tar", ".tar")]
    [InlineData("?format=tar.zst", "TarZstd ", "application/zstd", ".tar.zst")]
    [InlineData("?format=tar.zst&compression=zstd", "TarZstd ", "application/zstd", ".tar.zst")]
    public async Task The_query_says_as_what_and_the_headers_what_it_is(string query, string asked, string contentType, string ending)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path, string id) = await SnapshotAsync(api);

        Answer answer = await api.SendAsync("GET", path + query, null, token);

        Assert.Equal((200, "an archive"), (answer.Status, answer.Body));
        Assert.Equal($"{id} {asked}", api.Exports.Asked);
        Assert.Equal(
            (contentType, $"attachment; filename=\"{id}{ending}\"", "no-store"),
            (answer.Headers["Content-Type"], answer.Headers["Content-Disposition"], answer.Headers["Cache-Control"]));
        Answer head = await api.SendAsync("HEAD", path + query, null, token);
        Assert.Equal((200, contentType), (head.Status, head.Headers["Content-Type"]));
    }

    [Fact]
    public async Task Whoever_exports_is_told_apart_from_whose_it_is()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path, _) = await SnapshotAsync(api);

        await api.SendAsync("GET", path, null, token);
        SessionId? own = api.Exports.Reader;
        api.Socket = true;
        await api.SendAsync("GET", path, null);

        Assert.NotEqual(own, api.Exports.Reader);
        Assert.Equal(api.Sessions.Administrator.Id, api.Exports.Reader);
    }

    [Theory]
    [InlineData("?format=zip", "format", "bad request: format must be oci or tar.zst")]
    [InlineData("?compression=xz", "compression", "bad request: compression must be gzip or zstd")]
    [InlineData("?format=tar.zst&compression=gzip", "compression", "bad request: compression must be zstd for format tar.zst")]
    [InlineData("?format=tar.zst&name=a", "name", "bad request: name is for format oci only")]
    [InlineData("?name=A", "name", "bad request: name is not an image name without a digest")]
    public async Task A_wrong_query_is_told_and_nothing_is_exported(string query, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path, _) = await SnapshotAsync(api);

        Assert.Equal(field, (await api.SendAsync("GET", path + query, null, token)).Is(400, "invalid_argument", error).Detail("field"));
        Assert.Null(api.Exports.Asked);
    }

    [Fact]
    public async Task A_failure_before_the_first_byte_is_an_ordinary_reply_and_one_behind_it_ends_the_connection()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path, string id) = await SnapshotAsync(api);
        api.Exports.Fail = new RuntimeException(ErrorKind.SnapshotNotFound, $"snapshot not found: {id}; it was deleted while it was exported");

        (await api.SendAsync("GET", path, null, token)).Is(404, "snapshot_not_found", $"snapshot not found: {id}; it was deleted while it was exported");
        api.Exports.FailsLate = true;
        await Assert.ThrowsAnyAsync<Exception>(() => api.SendAsync("GET", path, null, token));
    }

    [Fact]
    public async Task An_image_of_a_snapshot_is_made_over_the_socket()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer made = await api.SendAsync("POST", "/admin/snapshots/snap_0123456789ab/image", """{"name":"app:1"}""");

        Assert.Equal(
            (201, """{"name":"docker.io/library/app:1","digest":"sha256:d","size_bytes":7,"created":"1970-01-01T00:00:00.000Z","in_use":false}"""),
            (made.Status, made.Body));
        Assert.Equal("snap_0123456789ab app:1", api.Exports.Asked);
        (await api.SendAsync("POST", "/admin/snapshots/snap_0123456789ab/image", "{}")).Is(400, "bad_request", "bad request: name is required");
        (await api.SendAsync("POST", "/admin/snapshots/snap_0123456789ab/image", """{"name":"a b"}""")).Is(400, "invalid_argument");
        (await api.SendAsync("POST", "/admin/snapshots/snap_0123456789ab/image", """{"name":"a","x":1}""")).Is(400, "unknown_field");
    }

    [Fact]
    public async Task A_tree_is_imported_under_a_name_with_the_settings_of_an_image()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer made = await api.SendAsync("POST", "/admin/images/import?as=tree&name=app&config_from=debian:12", "tar bytes");

        Assert.Contains("\"name\":\"tree/app\"", made.Body, StringComparison.Ordinal);
        Assert.Equal((201, "debian:12", 9L), (made.Status, api.Images.ConfigFrom, api.Images.ImportedBytes));
        (await api.SendAsync("POST", "/admin/images/import?as=tree", "x")).Is(400, "bad_request", "bad request: name is required");
        (await api.SendAsync("POST", "/admin/images/import?as=zip&name=a", "x")).Is(400, "invalid_argument", "bad request: as must be image or tree");
        (await api.SendAsync("POST", "/admin/images/import?name=a&config_from=b", "x")).Is(
            400, "invalid_argument", "bad request: config_from is for as=tree only; an image archive has settings of its own");
    }

    private static async Task<(string Token, string Path, string Id)> SnapshotAsync(TestApi api)
    {
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        return (token, $"/sandboxes/{sandbox}/snapshots/{id}/export", id);
    }
}
