namespace Sleigh.Cli.Tests;

/// <summary><c>snapshot diff</c> and <c>snapshot restore</c>.</summary>
public sealed class SnapshotCommandTests
{
    private const string Sandbox = "sbx_0123456789ab";
    private const string First = "snap_0123456789ab";
    private const string Second = "snap_0123456789cd";

    [Fact]
    public async Task A_diff_is_a_letter_and_a_path_a_line_over_all_pages()
    {
        await using FakeServer server = FakeServer.Answering(request => FakeServer.Reply(200, request.Target switch
        {
            $"/sandboxes/{Sandbox}/snapshots" => $$"""{"items":[{"id":"{{Second}}","name":"after"},{"id":"{{First}}","name":"before"}]}""",
            string path when path.Contains("cursor=next", StringComparison.Ordinal) =>
                """{"items":[{"path":"/d\ne","change":"type_changed"},{"path":"/n","from_path":"/o","change":"renamed"}],"renames_truncated":true}""",
            _ => """{"items":[{"path":"/a","change":"added"},{"path":"/b","change":"modified"},{"path":"/c","change":"deleted"}],"next_cursor":"next","renames_truncated":true}""",
        }));

        CliRun newest = await CliRun.OfAsync(["snapshot", "diff", Sandbox], server.SocketPath);
        CliRun named = await CliRun.OfAsync(["snapshot", "diff", Sandbox, "before", "after", "--renames", "--name-only"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["snapshot", "diff", Sandbox, "-o", "json"], server.SocketPath);

        Assert.Equal(("A  /a\nM  /b\nD  /c\nT  /d e\nR  /o -> /n\n", 0), (newest.Stdout, newest.ExitCode));
        Assert.Equal("too much was added and deleted: no renames are shown\n", newest.Stderr);
        Assert.Equal("/a\n/b\n/c\n/d e\n/n\n", named.Stdout);
        Assert.DoesNotContain("next_cursor", json.Stdout, StringComparison.Ordinal);
        Assert.Contains("type_changed", json.Stdout, StringComparison.Ordinal);
        string[] asked = [.. server.Requests.Select(r => r.Target).Where(p => p.Contains("/diff", StringComparison.Ordinal))];
        Assert.Equal($"/sandboxes/{Sandbox}/snapshots/{Second}/diff?to=live&limit=10000", asked[0]);
        Assert.Equal($"/sandboxes/{Sandbox}/snapshots/{First}/diff?to={Second}&limit=10000&renames=true", asked[2]);
    }

    [Fact]
    public async Task A_patch_is_the_patches_alone_and_what_has_none_is_told_apart_from_it()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"items":[{"path":"/a","change":"modified","patch":"one\n"},{"path":"/b","change":"modified","patch_skipped":"binary"},{"path":"/c","change":"added","patch":"two\n"}]}"""));

        CliRun run = await CliRun.OfAsync(["snapshot", "diff", Sandbox, First, "--patch"], server.SocketPath);

        Assert.Equal(("one\ntwo\n", "not in the patch: /b (binary)\n", 0), (run.Stdout, run.Stderr, run.ExitCode));
        Assert.EndsWith("&patch=true&patch_max_bytes=1048576", server.Requests.Single().Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_snapshot_there_is_nothing_to_compare_with()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, """{"items":[]}"""));

        CliRun run = await CliRun.OfAsync(["snapshot", "diff", Sandbox], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith($"sleighctl: sandbox {Sandbox} has no snapshot", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_tells_what_was_put_back_and_deleted()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"restored":[{"path":"/app","kind":"dir","files":3,"bytes":2048,"left_out":1},{"path":"/etc/x","kind":"file","files":1,"bytes":5}],"deleted":["/new"],"duration_ms":4}"""));

        CliRun run = await CliRun.OfAsync(["snapshot", "restore", Sandbox, First, "/app", "/etc/x", "/new", "--delete-added"], server.SocketPath);
        CliRun quiet = await CliRun.OfAsync(["snapshot", "restore", Sandbox, First, "/app", "-q"], server.SocketPath);
        CliRun none = await CliRun.OfAsync(["snapshot", "restore", Sandbox, First], server.SocketPath);

        Assert.Equal("restored /app: 3 files, 2 KB; 1 devices or sockets left out\nrestored /etc/x: 1 file, 5 B\ndeleted /new\n", run.Stdout);
        Assert.Equal("/app\n/etc/x\n/new\n", quiet.Stdout);
        Assert.Equal(ExitCode.Usage, none.ExitCode);
        Assert.Equal(
            [
                ($"/sandboxes/{Sandbox}/snapshots/{First}/restore", """{"paths":["/app","/etc/x","/new"],"delete_added":true}"""),
                ($"/sandboxes/{Sandbox}/snapshots/{First}/restore", """{"paths":["/app"]}"""),
            ],
            server.Requests.Select(r => (r.Path, r.Text)));
    }
}
