namespace Sleigh.Cli.Tests;

public sealed class SnapshotExportTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    private readonly FakeServer _server = FakeServer.Answering(request => request.Path switch
    {
        "/admin/sandboxes" => FakeServer.Reply(200, """{"items":[{"sandbox_id":"sbx_1"},{"sandbox_id":"sbx_gone"},{"sandbox_id":"sbx_2"}]}"""),
        "/sandboxes/sbx_1/snapshots" => FakeServer.Reply(200, """{"items":[{"id":"snap_1a","sandbox_id":"sbx_1","name":"same"},{"id":"snap_1b","sandbox_id":"sbx_1"}]}"""),
        "/sandboxes/sbx_2/snapshots" => FakeServer.Reply(200, """{"items":[{"id":"snap_2a","sandbox_id":"sbx_2","name":"same"},{"id":"snap_2b","sandbox_id":"sbx_2","name":"before"}]}"""),
        "/sandboxes/sbx_2/snapshots/snap_2b/export" => FakeServer.Reply(200, "an archive"),
        "/sandboxes/sbx_1/snapshots/snap_1b/export" => "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n"u8.ToArray(),
        "/sandboxes/sbx_1/snapshots/snap_1a/export" => FakeServer.Reply(507, """{"error":"the data disk is full","code":"disk_full"}"""),
        "/admin/snapshots/snap_2b/image" => FakeServer.Reply(201, """{"name":"docker.io/library/app:1"}"""),
        _ => FakeServer.Reply(404, """{"error":"resource not found","code":"not_found"}"""),
    });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_snapshot_of_any_sandbox_goes_into_a_file_or_to_standard_output()
    {
        string file = Path.Combine(_folder, "out.tar");
        await File.WriteAllTextAsync(file, "old, and longer than what comes");

        CliRun run = await CliRun.OfAsync(["snapshot", "export", "before", "-f", file, "--compression", "zstd", "--name", "me/app:1"], _server.SocketPath);
        CliRun piped = await CliRun.OfAsync(["snapshot", "export", "2b", "-f", "-", "--format", "tar.zst", "-q"], _server.SocketPath);
        CliRun program = await CliRun.OfAsync(["snapshot", "export", "snap_2b", "-f", file, "-o", "json"], _server.SocketPath);

        Assert.Equal((0, "", "snap_2b: 10 B\n"), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal("an archive", await File.ReadAllTextAsync(file));
        Assert.Equal((0, "an archive", ""), (piped.ExitCode, piped.Stdout, piped.Stderr));
        Assert.Equal(("snap_2b", file, 10), ((string)program.Json["snapshot_id"]!, (string)program.Json["file"]!, (int)program.Json["bytes"]!));
        Assert.Equal(
            ["?compression=zstd&name=me%2Fapp%3A1", "?format=tar.zst", "?"],
            _server.Requests.Where(r => r.Path.EndsWith("/export", StringComparison.Ordinal)).Select(r => r.Target[r.Target.IndexOf('?')..]));
        Assert.Equal([file], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_file_appears_whole_or_not_at_all()
    {
        string file = Path.Combine(_folder, "out.tar");
        _server.ClosesAfterAnswer = true;

        CliRun broken = await CliRun.OfAsync(["snapshot", "export", "1b", "-f", file], _server.SocketPath);
        CliRun full = await CliRun.OfAsync(["snapshot", "export", "1a", "-f", file], _server.SocketPath);
        CliRun nowhere = await CliRun.OfAsync(["snapshot", "export", "2b", "-f", "/tmp/sl-none/x"], _server.SocketPath);
        CliRun several = await CliRun.OfAsync(["snapshot", "export", "same", "-f", file], _server.SocketPath);

        Assert.Equal((ExitCode.Unreachable, ExitCode.Failure, ExitCode.Failure, ExitCode.Failure), (broken.ExitCode, full.ExitCode, nowhere.ExitCode, several.ExitCode));
        Assert.Contains("the data disk is full", full.Stderr, StringComparison.Ordinal);
        Assert.StartsWith("sleighctl: cannot write /tmp/sl-none/x: ", nowhere.Stderr, StringComparison.Ordinal);
        Assert.Equal("sleighctl: 'same' fits 2 snapshots: snap_1a, snap_2a\n  type more of the id\n", several.Stderr);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task An_image_of_a_snapshot_is_named_on_standard_output()
    {
        CliRun run = await CliRun.OfAsync(["snapshot", "to-image", "before", "app:1"], _server.SocketPath);

        Assert.Equal((0, "docker.io/library/app:1\n"), (run.ExitCode, run.Stdout));
        Assert.Equal("""{"name":"app:1"}""", _server.Requests[^1].Text);
    }

    [Fact]
    public async Task A_tree_is_imported_with_the_settings_of_an_image()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(201, """{"items":[{"name":"app:1"}]}"""));

        CliRun run = await CliRun.OfAsync(["image", "import", "-", "--tree", "--name", "app:1", "--config-from", "debian:12"], server.SocketPath, "a tar"u8.ToArray());

        Assert.Equal((0, "app:1\n"), (run.ExitCode, run.Stdout));
        Assert.Equal(("/admin/images/import?name=app%3A1&as=tree&config_from=debian%3A12", "a tar"), (server.Requests[0].Target, server.Requests[0].Text));
    }
}
