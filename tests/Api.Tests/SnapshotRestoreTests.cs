using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary><c>POST /sandboxes/{id}/snapshots/{snapshotId}/restore</c>.</summary>
public sealed class SnapshotRestoreTests
{
    [Fact]
    public async Task What_was_put_back_is_told()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string snapshot = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        api.Files.Restored = new FilesRestored(
            [new("/app", "dir", 3, 120, 1), new("/etc/x", "symlink", 1, 0, 0)], ["/new"], TimeSpan.FromMilliseconds(2.2));

        Answer answer = await api.SendAsync(
            "POST", $"/sandboxes/{sandbox}/snapshots/{snapshot}/restore", """{"paths":["/app","/etc/x","/new"],"delete_added":true}""", token);

        Assert.Equal($"{snapshot} /app /etc/x /new True", api.Files.Arguments);
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"restored":[{"path":"/app","kind":"dir","files":3,"bytes":120,"left_out":1},{"path":"/etc/x","kind":"symlink","files":1,"bytes":0}],"deleted":["/new"],"duration_ms":3}""",
            answer.Body);
    }

    [Fact]
    public async Task Wrong_paths_are_named_and_nothing_is_asked_for()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string snapshot = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        string path = $"/sandboxes/{sandbox}/snapshots/{snapshot}/restore";
        foreach ((string body, string field, string code, string error) in ((string, string, string, string)[])[
            ("{}", "paths", "bad_request", "bad request: paths is required"),
            ("""{"paths":[]}""", "paths", "invalid_argument", "bad request: paths must hold 1 to 1000 paths"),
            (JsonSerializer.Serialize(new { paths = Enumerable.Repeat("/a", 1001) }), "paths", "invalid_argument", "bad request: paths must hold 1 to 1000 paths"),
            ("""{"paths":["/a","b"]}""", "paths[1]", "invalid_argument", "bad request: paths[1] must be an absolute path of at most 4095 bytes"),
            ("""{"paths":["/a/../b"]}""", "paths[0]", "invalid_argument", "bad request: paths[0] is '/a/../b', must have no parts '.' and '..'"),
            ("""{"paths":["//"]}""", "paths[0]", "invalid_argument", "bad request: paths[0] is '/', must be below the root; a rollback puts everything back")])
        {
            Assert.Equal(field, (await api.SendAsync("POST", path, body, token)).Is(400, code, error).Detail("field"));
        }

        (await api.SendAsync("POST", path, """{"paths":["/a"],"delete":true}""", token)).Is(400, "unknown_field");
        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots/snap_00000000ffff/restore", """{"paths":["/a"]}""", token)).Is(404, "snapshot_not_found");
        Assert.Null(api.Files.Arguments);

        api.Files.Fail = new RuntimeException(ErrorKind.NotFound, "resource not found: path /a in the snapshot");
        (await api.SendAsync("POST", path, """{"paths":["/a"]}""", token)).Is(404, "not_found", "resource not found: path /a in the snapshot");
    }
}
