using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary><c>sleighd quiesce</c>: what the removal of the package does first.</summary>
[Collection(DaemonCollection.Name)]
public sealed class QuiesceTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task All_that_runs_ends_with_its_result_and_the_sandbox_is_there_again_at_the_next_start()
    {
        Assert.True(fixture.Daemon.IsAlive);
        await using TestDaemon daemon = new();
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string id = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), new JsonObject { ["name"] = "kept" });
        await client.RunAsync(id, "echo kept > /file");
        string snapshot = await client.SnapshotAsync(id);
        string heeds = await client.StartAsync(id, "trap 'echo asked; exit 7' TERM; echo begun; while :; do sleep 0.05; done");
        string ignores = await client.StartAsync(id, "trap '' TERM; echo begun; while :; do sleep 0.05; done");
        await Poll.UntilAsync(
            async () => (await client.ExecOfAsync(id, heeds)).StdoutBytes > 0 && (await client.ExecOfAsync(id, ignores)).StdoutBytes > 0, 10, () => "no output");

        (int refused, string said) = await daemon.RunToEndAsync("quiesce");
        Assert.Equal(11, refused);
        Assert.Contains("in use by another sleighd", said, StringComparison.Ordinal);
        Assert.Equal(0, await daemon.TerminateAsync());
        (int status, said) = await daemon.RunToEndAsync("quiesce");
        Assert.True(status == 0, said);
        Assert.Empty(await Leftovers.SettledAsync(daemon));
        (status, said) = await daemon.RunToEndAsync("quiesce");
        Assert.True(status == 0, said);
        Assert.Empty(await Leftovers.SettledAsync(daemon));

        await daemon.StartAsync();
        client.DropConnections();
        Assert.Equal("exited", (string?)(await client.GetAsync(id))["status"]);
        ExecReply asked = await client.FinalAsync(id, heeds);
        Assert.Equal((7, "begun\nasked\n", "sandbox stopped while the command was running"), (asked.ExitCode, asked.Stdout, asked.Error));
        ExecReply killed = await client.FinalAsync(id, ignores);
        Assert.Equal(("failed", "sandbox stopped while the command was running"), (killed.Status, killed.Error));
        Assert.Equal("kept\n", await client.RunAsync(id, "cat /file"));
        await client.RollbackAsync(id, snapshot);
        await client.DeleteAsync(id);
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Where_nothing_ever_ran_nothing_is_made()
    {
        await using TestDaemon daemon = new();

        Assert.Equal((0, $"nothing to end: data_dir {daemon.DataDir} has no records\n"), await daemon.RunToEndAsync("quiesce"));
        Assert.False(Directory.Exists(daemon.DataDir));
        Assert.False(Directory.Exists(daemon.StateDir));
        Assert.Empty(Leftovers.Of(daemon));
    }
}
