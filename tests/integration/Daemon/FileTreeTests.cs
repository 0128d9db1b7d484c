using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What a snapshot holds is what comes back: each file with everything that is known of it.</summary>
[Collection(DaemonCollection.Name)]
public sealed class FileTreeTests(DaemonFixture fixture)
{
    // One of each kind, names that need care, changes to files of the image and deletions in it.
    private const string MakeFiles = """
        set -e
        mkdir -p /data/deep/er /data/empty && cd /data
        head -c 3000000 /dev/urandom > random; printf 'x' > deep/er/small; : > none
        ln random hard; ln -s deep/er/small soft; ln -s /no/where dangling; mkfifo pipe; mknod node c 1 3
        python3 - <<'END'
        import os, socket
        open(b"/data/name with\nnewline \xff", "w").write("odd")
        os.setxattr("/data/none", "user.note", b"kept")
        with open("/data/holes", "wb") as f:
            f.seek(50_000_000); f.write(b"end")
        os.utime("/data/random", ns=(1_000_000_000_123_456_789, 1_111_111_111_987_654_321))
        s = socket.socket(socket.AF_UNIX); s.bind("/data/socket")
        END
        chmod 4755 deep/er/small; chmod 1777 empty; chown 1000:1001 none; chmod 000 holes
        echo changed >> /etc/issue; rm -r /usr/share/doc/base-files; mv /etc/skel /etc/skel-moved; mkdir /etc/skel; touch /etc/skel/new
        rm /etc/motd; mkdir /etc/motd
        setcap cap_net_raw+ep /data/random 2>/dev/null || true
        """;

    private const string Damage = "rm -rf /data/* /etc/skel* /usr/share /var/lib/dpkg; echo bad > /data/random; echo bad > /etc/passwd; chmod 777 /root; rm -rf --no-preserve-root /usr/lib/python3*; true";

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task The_manifest_of_all_files_is_the_same_before_the_snapshot_after_the_rollback_and_in_each_fork()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Debian);
        await FileManifest.PutAsync(sandbox);
        await sandbox.RunAsync(TestDaemon.Makes(MakeFiles));
        string[] before = await FileManifest.OfAsync(fixture.Client, sandbox);
        Assert.True(before.Length > 2000, $"{before.Length} files");
        Assert.Contains(before, l => l.Contains("/data/random", StringComparison.Ordinal) && l.Contains("1111111111987654321", StringComparison.Ordinal));
        string snapshot = await sandbox.SnapshotAsync();

        await sandbox.RunAsync(Damage);
        await sandbox.RollbackAsync(snapshot);
        string[] forks = await fixture.Client.ForkAsync(sandbox.Id, 3, snapshot);

        FileManifest.AssertSame(before, await FileManifest.OfAsync(fixture.Client, sandbox), "after the rollback");
        foreach (string fork in forks)
        {
            await using TestSandbox copy = new(fixture.Client, fork);
            FileManifest.AssertSame(before, await FileManifest.OfAsync(fixture.Client, copy), $"in the fork {fork}");
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N2", Part = "id, labels, env, name, status, ended execs")]
    public async Task A_rollback_keeps_id_name_labels_limits_and_environment_and_ends_running_commands()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject
        {
            ["name"] = "kept-over-rollback", ["labels"] = new JsonObject { ["a"] = "b" }, ["memory_limit_mb"] = 128, ["pids_limit"] = 99,
            ["env"] = new JsonObject { ["E"] = "env" }, ["user"] = "anna", ["cpus"] = 0.5,
        });
        JsonObject before = await fixture.Client.GetAsync(sandbox.Id);
        string machine = await sandbox.RunAsync("hostname; cat /etc/machine-id; echo $E; id -un");
        string snapshot = await sandbox.SnapshotAsync();
        string running = await sandbox.StartAsync("sleep 300");
        string shm = await sandbox.RunAsync("echo x > /dev/shm/x; echo x > /tmp/x; cat /dev/shm/x");

        JsonObject reply = await sandbox.RollbackAsync(snapshot);

        Assert.Equal("x\n", shm);
        Assert.Equal([running], reply["ended_exec_ids"]!.AsArray().Select(i => (string)i!));
        ExecReply ended = await fixture.Client.ExecOfAsync(sandbox.Id, running);
        Assert.Equal(("failed", "sandbox was rolled back while the command was running"), (ended.Status, ended.Error));
        JsonObject after = await fixture.Client.GetAsync(sandbox.Id);
        foreach (string field in (string[])["sandbox_id", "name", "labels", "memory_limit_mb", "memory_ceiling_mb", "pids_limit", "cpus", "user", "created", "image", "status"])
        {
            Assert.True(JsonNode.DeepEquals(before[field], after[field]), $"{field}: {before[field]} became {after[field]}");
        }

        Assert.Equal(snapshot, (string?)after["base_snapshot_id"]);
        Assert.Equal(machine, await sandbox.RunAsync("hostname; cat /etc/machine-id; echo $E; id -un"));
        Assert.Equal("gone\n", await sandbox.RunAsync("[ -e /dev/shm/x ] || [ -e /tmp/x ] || echo gone"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N7", Part = "ten of them")]
    public async Task Forks_have_names_and_machine_ids_of_their_own_and_write_for_themselves()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" }, ["env"] = new JsonObject { ["E"] = "env" }, ["memory_limit_mb"] = 100 });
        await sandbox.RunAsync("echo common > /file");

        string[] forks = await fixture.Client.ForkAsync(sandbox.Id, 10);

        string[] all = [sandbox.Id, .. forks];
        string[] hosts = await Task.WhenAll(all.Select(id => fixture.Client.RunAsync(id, "hostname; cat /etc/hostname")));
        string[] machines = await Task.WhenAll(all.Select(id => fixture.Client.RunAsync(id, "cat /etc/machine-id")));
        Assert.Equal((11, 11), (hosts.Distinct().Count(), machines.Distinct().Count()));
        Assert.All(machines, m => Assert.Matches("^[0-9a-f]{32}\n$", m));
        await Task.WhenAll(all.Select(id => fixture.Client.RunAsync(id, $"echo {id} >> /file; echo $E > /mine-{id}")));
        foreach (string id in all)
        {
            Assert.Equal($"common\n{id}\n/mine-{id}\n", await fixture.Client.RunAsync(id, "cat /file; echo /mine-*"));
        }

        JsonObject fork = await fixture.Client.GetAsync(forks[0]);
        Assert.Equal((sandbox.Id, "b", 100), ((string?)fork["parent"]?["sandbox_id"], (string?)fork["labels"]?["a"], (int)fork["memory_limit_mb"]!));
        JsonArray snapshots = (await fixture.Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots", null, 200))["items"]!.AsArray();
        Assert.Equal(["fork"], snapshots.Select(s => (string?)s!["name"]));
        await Task.WhenAll(forks.Select(fixture.Client.DeleteAsync));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N1")]
    public async Task A_command_that_writes_goes_on_after_a_snapshot_and_the_snapshot_is_of_one_moment()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        // First a, then b: at any one moment a is as far as b or one ahead.
        string writer = await sandbox.StartAsync("i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i > /a; echo $i > /b; done; echo $i");
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("[ \"$(cat /b)\" -gt 100 ]")).ExitCode == 0, 20, () => "the writer does not write");
        List<string> snapshots = [];
        for (int i = 0; i < 5; i++)
        {
            JsonObject made = await fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/snapshots", null, 201);
            Assert.True((int)made["pause_ms"]! >= 0);
            snapshots.Add((string)made["id"]!);
        }

        Assert.Equal("running", (await fixture.Client.ExecOfAsync(sandbox.Id, writer)).Status);
        string before = await sandbox.RunAsync("cat /a");
        await Poll.UntilAsync(async () => await sandbox.RunAsync("cat /a") != before, 10, () => "the writer stands still after the snapshots");
        await sandbox.RunAsync("touch /stop");
        Assert.Equal("succeeded", (await sandbox.FinalAsync(writer)).Status);
        foreach (string snapshot in snapshots)
        {
            await sandbox.RollbackAsync(snapshot);

            // The shell truncates before it writes, so either may be empty for a moment.
            string[] seen = (await sandbox.RunAsync("echo \"$(cat /a)|$(cat /b)\"")).Trim().Split('|');
            bool right = seen[0].Length == 0 || seen[1].Length == 0 || int.Parse(seen[0], null) - int.Parse(seen[1], null) is 0 or 1;
            Assert.True(right, $"a is {seen[0]}, b is {seen[1]}");
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N5", Part = "a deleted middle snapshot")]
    public async Task A_deleted_snapshot_breaks_neither_its_children_nor_the_sandbox_and_is_404_with_the_others_named()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string Path(string snapshot) => $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}";
        List<string> ids = [];
        foreach (string word in (string[])["one", "two", "three"])
        {
            await sandbox.RunAsync($"echo {word} >> /words");
            ids.Add(await sandbox.SnapshotAsync());
        }

        await fixture.Client.SendAsync("DELETE", Path(ids[1]), null, 204);

        JsonObject missing = await fixture.Client.SendAsync("DELETE", Path(ids[1]), null, 404);
        Assert.Equal(("snapshot_not_found", $"snapshot not found: {ids[1]}; available snapshot ids: {ids[2]}, {ids[0]}"), ((string?)missing["code"], (string?)missing["error"]));
        JsonObject rollback = await fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/rollback", JsonFields.Of("snapshot_id", ids[1]), 404);
        Assert.Equal([ids[2], ids[0]], rollback["details"]!["available_snapshot_ids"]!.AsArray().Select(i => (string)i!));
        JsonArray left = (await fixture.Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots", null, 200))["items"]!.AsArray();
        Assert.Equal([(ids[2], ids[0]), (ids[0], null)], left.Select(s => ((string)s!["id"]!, (string?)s["parent_id"])));
        await sandbox.RollbackAsync(ids[2]);
        Assert.Equal("one\ntwo\nthree\n", await sandbox.RunAsync("cat /words"));
        await sandbox.RollbackAsync(ids[0]);
        Assert.Equal("one\n", await sandbox.RunAsync("cat /words"));
    }
}
