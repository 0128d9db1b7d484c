using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Directories of the host in real sandboxes: the contract's lines M1 to M3, and what rollback, fork and a restart do with them.</summary>
[Collection(DaemonCollection.Name)]
public sealed class MountTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("M1")]
    public async Task M1_a_process_goes_on_while_a_mount_comes_and_goes_and_keeps_what_it_has_open()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string slot = await sandbox.SlotAsync();
        string exec = await sandbox.StartAsync(
            "echo $$; while [ ! -e /data/file ]; do sleep 0.02; done; exec 3< /data/file; echo opened; while [ -e /data/file ]; do sleep 0.02; done; cat <&3; echo $$");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).StdoutBytes > 0, 10, () => "no output");

        JsonObject mount = await zone.MountAsync(sandbox.Id, "/data", "/data");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).Stdout.Contains("opened", StringComparison.Ordinal), 10, () => "not opened");
        Assert.Equal((zone.Mounts + "/data", "/data", "ro"), ((string)mount["host_path"]!, (string)mount["container_path"]!, (string)mount["mode"]!));
        Assert.Equal($"[{mount.ToJsonString()}]", (await zone.ListAsync(sandbox.Id)).ToJsonString());
        await zone.UnmountAsync(sandbox.Id, (string)mount["id"]!);

        ExecReply final = await sandbox.FinalAsync(exec, 10);
        string[] lines = final.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([lines[0], "opened", "text", lines[0]], lines);
        Assert.Equal(slot, await sandbox.SlotAsync());
        Assert.Empty(await zone.ListAsync(sandbox.Id));
        Assert.Equal("", await sandbox.RunAsync("ls /data"));
        Assert.Equal(404, (await Client.CallAsync("DELETE", $"/sandboxes/{sandbox.Id}/mounts/{mount["id"]}")).Status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("M2")]
    public async Task M2_what_must_not_be_mounted_is_refused_with_the_contracts_texts()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        Shell.Bash($"cd {zone.Mounts}; ln -s ../outside up; ln -s {zone.Outside} away; ln -s {zone.Mounts}/data inside; echo x > plain");
        await sandbox.RunAsync("echo x > /taken; ln -s /proc/self /magic; ln -s /dev/shm /memory; mkdir /real; ln -s ../../../../real /link");
        Task<string> Refused(string path, string at) => zone.RefusedAsync(sandbox.Id, path, at);

        Assert.Equal("400 path_not_allowed: workspace_path cannot escape allowed root", await Refused("../outside", "/d"));
        Assert.Equal("400 path_not_allowed: workspace_path is outside allowed host root", await Refused("up", "/d"));
        Assert.Equal("400 path_not_allowed: workspace_path is outside allowed host root", await Refused("/away", "/d"));
        Assert.Equal(
            "404 host_path_not_found: host mount path does not exist (missing directory; server will not auto-create): resource not found", await Refused("none", "/d"));
        Assert.Equal("400 path_not_allowed: host mount path must be an existing directory: bad request", await Refused("plain", "/d"));
        Assert.Equal("400 path_not_allowed: container_path is not mountable", await Refused("data", "/proc/x"));
        Assert.Equal("400 path_not_allowed: container_path is not mountable", await Refused("data", "/magic/cwd"));
        Assert.Equal("400 path_not_allowed: container_path is not mountable", await Refused("data", "/memory"));
        Assert.Equal("409 container_path_conflict: container_path exists and is not a directory", await Refused("data", "/taken"));
        Assert.Equal("409 container_path_conflict: container_path exists and is not a directory", await Refused("data", "/taken/x"));
        Assert.Empty(await zone.ListAsync(sandbox.Id));

        JsonObject mount = await zone.MountAsync(sandbox.Id, "inside", "/link/sub");
        Assert.Equal(zone.Mounts + "/data", (string)mount["host_path"]!);
        Assert.Equal("text\n", await sandbox.RunAsync("cat /real/sub/file"));
        (int status, JsonObject exists) = await Client.CallAsync(
            "POST", $"/sandboxes/{sandbox.Id}/mounts", new JsonObject { ["workspace_path"] = ".", ["container_path"] = "/real/sub" });
        Assert.Equal((409, "mount_exists", "container_path is already a mount point"), (status, (string)exists["code"]!, (string)exists["error"]!));
        Assert.Equal((string)mount["id"]!, (string)exists["details"]!["mount_id"]!);

        await zone.SetAsync("mounts.root", null);
        Assert.Equal("500 zone_unavailable: the mount zone is not available: it is not set", await Refused("data", "/e"));
        Assert.Equal(500, (await Client.CallAsync("GET", "/mounts/workspaces")).Status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("M3")]
    public async Task M3_writing_needs_the_operators_leave()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        Shell.Bash($"cd {zone.Mounts}; mkdir rw/inner; ln -s ../data rw/sly");
        const string Refusal = "403 mount_rw_not_allowed: read-write mounts are not allowed for this workspace_path";

        Assert.Equal(Refusal, await zone.RefusedAsync(sandbox.Id, "rw", "/rw", "rw"));
        await zone.SetAsync("mounts.rw_paths", "[rw]");
        Assert.Equal(Refusal, await zone.RefusedAsync(sandbox.Id, "/", "/rw", "rw"));
        Assert.Equal(Refusal, await zone.RefusedAsync(sandbox.Id, "rw/sly", "/rw", "rw"));
        await zone.MountAsync(sandbox.Id, "rw/inner", "/rw", "rw");
        await zone.MountAsync(sandbox.Id, "rw", "/ro");

        Assert.Equal("no\n", await sandbox.RunAsync("echo new > /rw/file; chmod 4755 /rw/file; touch /ro/x 2> /dev/null || echo no"));
        Assert.Equal("new\n", File.ReadAllText(zone.Mounts + "/rw/inner/file"));
        Assert.Equal("nodev nosuid ro|nodev nosuid rw|", await sandbox.RunAsync(
            "for m in ' /ro ' ' /rw '; do grep \"$m\" /proc/self/mountinfo | cut -d' ' -f6 | tr , '\\n' | grep -E '^(ro|rw|nosuid|nodev)$' | sort | tr '\\n' ' ' | sed 's/ $/|/'; done"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N2", Part = "mounts")]
    public async Task Mounts_come_back_after_a_rollback_a_new_start_and_a_killed_daemon_and_still_go_away_then()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture, "[rw]");
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string before = await sandbox.SnapshotAsync();
        string data = (string)(await zone.MountAsync(sandbox.Id, "data", "/data"))["id"]!;
        string inner = (string)(await zone.MountAsync(sandbox.Id, "rw", "/a/b", "rw"))["id"]!;
        string listed = (await zone.ListAsync(sandbox.Id)).ToJsonString();

        await sandbox.RollbackAsync(before);
        await CheckAsync("after a rollback to before the mounts");
        await fixture.Daemon.KillAndRestartAsync();
        await CheckAsync("after the daemon was killed");
        string slot = await sandbox.SlotAsync();
        await SandboxEnd.KillInitAsync(fixture.Daemon, fixture.Client, sandbox);
        await CheckAsync("after PID 1 was killed");
        Assert.NotEqual(slot, await sandbox.SlotAsync());
        await fixture.Daemon.KillAndRestartAsync();

        await sandbox.RunAsync("mv /a /moved; mkdir -p /a/b");
        await zone.UnmountAsync(sandbox.Id, inner);
        await zone.UnmountAsync(sandbox.Id, data);
        Assert.Equal("", await sandbox.RunAsync("ls /data; ls /moved/b; grep -E ' /(data|moved/b|a/b) ' /proc/self/mountinfo; true"));
        Assert.Empty(await zone.ListAsync(sandbox.Id));
        await sandbox.RollbackAsync(before);
        Assert.Equal("gone\n", await sandbox.RunAsync("test -e /data/file || echo gone"));

        async Task CheckAsync(string when)
        {
            Assert.True(await sandbox.RunAsync($"cat /data/file; echo '{when}' > /a/b/when") == "text\n", when);
            Assert.Equal(when + "\n", File.ReadAllText(zone.Mounts + "/rw/when"));
            Assert.True((await zone.ListAsync(sandbox.Id)).ToJsonString() == listed, when);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_runs_without_a_mount_whose_directory_is_gone_and_says_so_until_it_is_back()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture, "[rw]");
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await zone.MountAsync(sandbox.Id, "data", "/data");
        await zone.MountAsync(sandbox.Id, "rw", "/rw", "rw");
        string snapshot = await sandbox.SnapshotAsync();
        Directory.Move(zone.Mounts + "/data", zone.Mounts + "/elsewhere");
        await zone.SetAsync("mounts.rw_paths", "[]");

        await sandbox.RollbackAsync(snapshot);
        JsonArray list = await zone.ListAsync(sandbox.Id);
        Assert.Equal((true, null, "ro"), ((bool?)list[0]!["missing"], (bool?)list[1]!["missing"], (string)list[1]!["mode"]!));
        Assert.Equal("without\n", await sandbox.RunAsync("test -e /data/file || echo without; ! touch /rw/x 2> /dev/null"));
        (int status, JsonObject fork) = await Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/fork", new JsonObject { ["snapshot_id"] = snapshot });
        Assert.Equal((409, "mount_source_missing", zone.Mounts + "/data"), (status, (string)fork["code"]!, (string)fork["details"]!["host_path"]!));

        Directory.Move(zone.Mounts + "/elsewhere", zone.Mounts + "/data");
        await sandbox.RollbackAsync(snapshot);
        Assert.Equal("text\n", await sandbox.RunAsync("cat /data/file"));
        Assert.All(await zone.ListAsync(sandbox.Id), mount => Assert.Null((bool?)mount!["missing"]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_mount_inside_another_stays_when_that_one_goes_and_one_that_is_covered_goes_too()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture, "[rw]");
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string outer = (string)(await zone.MountAsync(sandbox.Id, "rw", "/m", "rw"))["id"]!;
        string inner = (string)(await zone.MountAsync(sandbox.Id, "data", "/m/in"))["id"]!;
        await zone.UnmountAsync(sandbox.Id, outer);
        Assert.Equal("text\n", await sandbox.RunAsync("cat /m/in/file"));

        string cover = (string)(await zone.MountAsync(sandbox.Id, "rw", "/m", "rw"))["id"]!;
        await fixture.Daemon.KillAndRestartAsync();
        await zone.UnmountAsync(sandbox.Id, inner);
        Assert.Equal("covers\n", await sandbox.RunAsync("echo covers > /m/file; cat /m/file"));
        Assert.Equal("covers\n", File.ReadAllText(zone.Mounts + "/rw/file"));
        await zone.UnmountAsync(sandbox.Id, cover);
        Assert.Equal("", await sandbox.RunAsync("ls /m/in"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Forks_get_the_mounts_that_the_snapshot_captured_and_a_create_from_it_gets_none()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string mount = (string)(await zone.MountAsync(sandbox.Id, "data", "/data"))["id"]!;
        JsonObject snapshot = await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/snapshots", null, 201);
        Assert.Equal(
            new JsonArray(new JsonObject { ["host_path"] = zone.Mounts + "/data", ["container_path"] = "/data", ["mode"] = "ro" }).ToJsonString(),
            snapshot["captured"]!["mounts"]!.ToJsonString());
        await zone.UnmountAsync(sandbox.Id, mount);

        string[] with = await Client.ForkAsync(sandbox.Id, 2, (string)snapshot["id"]!);
        string[] without = await Client.ForkAsync(sandbox.Id, 1);
        string created = (string)(await Client.SendAsync("POST", "/sandboxes", new JsonObject { ["snapshot_id"] = (string)snapshot["id"]! }, 201))["sandbox_id"]!;

        List<string> ids = [mount];
        foreach (string fork in with)
        {
            Assert.Equal("text\n", await Client.RunAsync(fork, "cat /data/file"));
            ids.Add((string)(await zone.ListAsync(fork)).Single()!["id"]!);
        }

        Assert.Equal(3, ids.Distinct().Count());
        foreach (string bare in (string[])[.. without, created])
        {
            Assert.Equal("bare\n", await Client.RunAsync(bare, "test -e /data/file || echo bare"));
            Assert.Empty(await zone.ListAsync(bare));
        }

        await Task.WhenAll(((string[])[.. with, .. without, created]).Select(Client.DeleteAsync));
        Assert.Equal("text\n", File.ReadAllText(zone.Mounts + "/data/file"));
    }
}
