namespace Sleigh.Cli.Tests;

public sealed class FsckTests
{
    private const string Seen = """
        "looked_at":{"sandboxes":3,"snapshots":5,"live_layers":4,"sealed_layers":5,"mounts":1}
        """;

    [Fact]
    public async Task Findings_have_their_sentence_below_and_the_exit_code_is_1_while_something_is_wrong()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, $$$"""
            {{{{Seen}}},"items":[{"kind":"unnamed_layer","subject":"lyr-1","outcome":"repairable","explanation":"It only takes space."},{"kind":"database","subject":"/d/sleigh.db","outcome":"manual","explanation":"Restore a backup."}]}
            """));

        CliRun run = await CliRun.OfAsync(["fsck"], server.SocketPath);

        Assert.Equal((ExitCode.Failure, ""), (run.ExitCode, run.Stderr));
        Assert.Equal(("GET", "/admin/fsck"), (server.Requests[0].Method, server.Requests[0].Target));
        Assert.Equal(
            "repairable  unnamed_layer  lyr-1\n            -> It only takes space.\nmanual      database  /d/sleigh.db\n            -> Restore a backup.\n"
            + "3 sandboxes, 5 snapshots, 4 live and 5 sealed layers, 1 mounts: 2 findings; sleighctl fsck --repair mends 1\n",
            run.Stdout);
    }

    [Fact]
    public async Task Repair_is_a_post_and_what_it_mended_is_no_failure()
    {
        await using FakeServer server = FakeServer.Answering(request => FakeServer.Reply(200, request.Method == "GET"
            ? $$$"""{{{{Seen}}},"items":[]}"""
            : $$$"""{{{{Seen}}},"items":[{"kind":"unnamed_layer","subject":"lyr-1","outcome":"repaired","explanation":"It only takes space."}]}"""));

        CliRun mended = await CliRun.OfAsync(["fsck", "--repair"], server.SocketPath);
        CliRun well = await CliRun.OfAsync(["fsck"], server.SocketPath);

        Assert.Equal((0, 0), (mended.ExitCode, well.ExitCode));
        Assert.Equal("POST", server.Requests[0].Method);
        Assert.EndsWith("mounts: 1 finding\n", mended.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("mounts: all is well\n", well.Stdout, StringComparison.Ordinal);
    }
}
