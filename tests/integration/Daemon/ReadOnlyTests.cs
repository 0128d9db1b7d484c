using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Sandboxes of which /workspace and /tmp alone can be written to.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ReadOnlyTests(DaemonFixture fixture)
{
    private const string Places = "for d in / /etc /usr/x /bin /root /home /var; do (echo x > $d/file) 2> /dev/null && echo wrote $d; done; for f in /etc/hosts /etc/hostname; do (echo x > $f) 2> /dev/null && echo wrote $f; done; true";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Nothing_but_workspace_and_tmp_can_be_written_to_by_root_or_others()
    {
        await using TestSandbox sandbox = await NewAsync();

        Assert.True((bool)(await sandbox.ViewAsync())["read_only"]!);
        Assert.Equal("", await sandbox.RunAsync(Places));
        Assert.Equal("kept\nkept\n", await sandbox.RunAsync("for d in /workspace /tmp; do echo kept > $d/root && cat $d/root; done"));

        // The image has a /tmp of root's; /workspace it has not.
        Assert.Equal("kept\n", await sandbox.RunAsync("echo kept > /workspace/user && cat /workspace/user", JsonFields.Of("user", "1000")));
        Assert.Equal("", await sandbox.RunAsync(Places, JsonFields.Of("user", "1000")));

        // Root inside does not get rid of it.
        foreach (string way in (string[])["mount -o remount,rw /", "mount -o remount,bind,rw /", "umount -l /", "chroot / sh -c 'echo x > /file'", "unshare -Urm sh -c 'mount -o remount,rw /'"])
        {
            Assert.NotEqual(0, (await sandbox.ExecAsync(way)).ExitCode);
        }

        Assert.Equal("", await sandbox.RunAsync(Places));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Snapshots_rollbacks_forks_and_a_new_daemon_keep_it_and_the_files_that_were_written()
    {
        await using TestSandbox sandbox = await NewAsync();
        await sandbox.RunAsync("echo one > /workspace/file");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo two > /workspace/file; mkdir /tmp/more");

        await fixture.Daemon.KillAndRestartAsync();
        Assert.Equal("two\n", await sandbox.RunAsync("cat /workspace/file"));
        Assert.Equal("", await sandbox.RunAsync(Places));

        await sandbox.RollbackAsync(snapshot);
        string[] forks = await fixture.Client.ForkAsync(sandbox.Id, 1);
        await using TestSandbox fork = new(fixture.Client, forks[0]);
        await using TestSandbox made = new(fixture.Client, await fixture.Client.NewAsync("", new JsonObject { ["snapshot_id"] = snapshot }));
        await using TestSandbox open = new(fixture.Client, await fixture.Client.NewAsync("", new JsonObject { ["snapshot_id"] = snapshot, ["read_only"] = false }));

        foreach (TestSandbox one in (TestSandbox[])[sandbox, fork, made])
        {
            Assert.Equal("one\n", await one.RunAsync("cat /workspace/file; ls /tmp"));
            Assert.Equal("", await one.RunAsync(Places));
            await one.RunAsync("echo three > /workspace/file");
        }

        Assert.Contains("wrote /etc", await open.RunAsync(Places), StringComparison.Ordinal);
        Assert.False((await open.ViewAsync()).ContainsKey("read_only"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Files_over_the_api_are_written_where_the_sandbox_could_and_refused_elsewhere()
    {
        await using TestSandbox sandbox = await NewAsync();
        byte[] content = "over the api"u8.ToArray();

        await sandbox.PutAsync("/workspace/deep/er", content);

        Assert.Equal("over the api", await sandbox.RunAsync("cat /workspace/deep/er"));
        using HttpResponseMessage refused = await fixture.Client.RawAsync("PUT", $"/sandboxes/{sandbox.Id}/files?path=/etc/x", new ByteArrayContent(content));
        string said = await refused.Content.ReadAsStringAsync();
        Assert.True((int)refused.StatusCode == 400 && said.Contains("that part of the tree is read-only", StringComparison.Ordinal), $"{refused.StatusCode} {said}");
    }

    private Task<TestSandbox> NewAsync() => fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["read_only"] = true });
}
