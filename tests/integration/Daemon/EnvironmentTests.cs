using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Directories of the host copied into real sandboxes, and the lists of both zones: the contract's lines M4 and M5.</summary>
[Collection(DaemonCollection.Name)]
public sealed class EnvironmentTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("M4", Part = "the lists")]
    public async Task M4_the_lists_show_what_lies_in_the_zones()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        Shell.Bash($"cd {zone.Environments}; ln -s env link; echo x > plain; head -c 1300 /dev/zero | tr '\\0' n > env/env_readme.md");

        JsonObject environments = await Client.SendAsync("GET", "/environments/workspaces", null, 200);
        JsonObject mounts = await Client.SendAsync("GET", "/mounts/workspaces", null, 200);

        Assert.Equal((zone.Environments, """["/","/env"]""", "environment_copy"), ((string)environments["allowed_root"]!, environments["items"]!.ToJsonString(), (string)environments["zone_kind"]!));
        Assert.Equal((new string('n', 1200) + "...", true), ((string)environments["entries"]![1]!["env_readme"]!, (bool)environments["entries"]![1]!["env_readme_truncated"]!));
        Assert.Equal((zone.Mounts, """["/","/data","/rw"]""", 0), ((string)mounts["allowed_root"]!, mounts["items"]!.ToJsonString(), (int)mounts["omitted_count"]!));
        Shell.Bash($"cd {zone.Mounts}; for i in $(seq 1 300); do mkdir d$i; done");
        JsonObject many = await Client.SendAsync("GET", "/mounts/workspaces", null, 200);
        Assert.Equal((200, 200, true, 103), (many["items"]!.AsArray().Count, many["entries"]!.AsArray().Count, (bool)many["truncated"]!, (int)many["omitted_count"]!));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("M5")]
    public async Task M5_a_copy_merges_and_overwrites_keeps_modes_and_never_leaves_the_sandbox()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["user"] = "1000:1001" });
        Shell.Bash($"cd {zone.Environments}/env; echo tool > bin/tool; chmod 750 bin/tool; ln -s bin/tool link; echo new > file; head -c 3000000 /dev/urandom > big");
        await sandbox.RunAsync($"mkdir -p /opt/env/bin; echo mine > /opt/env/bin/mine; echo old > /opt/env/file; ln -s {zone.Outside} /away; mkdir /sly; ln -s {zone.Outside} /sly/bin", Root());

        JsonObject copied = await CopyAsync("/env", "/opt/env", 200);

        Assert.Equal(("ok", sandbox.Id, "/env", "/opt/env"), ((string)copied["status"]!, (string)copied["sandbox_id"]!, (string)copied["environment_path"]!, (string)copied["sandbox_path"]!));
        Assert.Equal((4, 3_000_009), ((int)copied["files"]!, (int)copied["bytes"]!));
        Assert.True((long)copied["duration_ms"]! > 0);
        Assert.Equal(
            "mine\nnew\nbin/tool\n750 1000:1001\n",
            await sandbox.RunAsync("cd /opt/env; cat bin/mine file; readlink link; stat -c '%a %u:%g' bin/tool"));
        Assert.Equal(
            Shell.Run("sha256sum", $"{zone.Environments}/env/big").Split(' ')[0], (await sandbox.RunAsync("sha256sum /opt/env/big")).Split(' ')[0]);

        await CopyAsync("env", "/away/in", 200);
        Assert.Equal("new\n", await sandbox.RunAsync($"cat {zone.Outside}/in/file"));
        JsonObject sly = await CopyAsync("env", "/sly", 500);
        Assert.Equal(("copy_failed", "copy environment directory failed: bin: the sandbox has a symbolic link there"), ((string)sly["code"]!, (string)sly["error"]!));
        Assert.Equal(["file"], Directory.GetFileSystemEntries(zone.Outside).Select(Path.GetFileName));
        await CopyAsync("env", "/devel", 200);
        Assert.Equal("sandbox_path is not writable", (string?)(await CopyAsync("env", "/dev/x", 400))["error"]);
        await sandbox.RunAsync("ln -s /dev /devices", Root());
        Assert.Equal("sandbox_path is not writable", (string?)(await CopyAsync("env", "/devices/x", 400))["error"]);
        Assert.Equal("environment host path does not exist (missing directory; server will not auto-create): resource not found", (string?)(await CopyAsync("none", "/x", 404))["error"]);
        Assert.Equal("", await sandbox.RunAsync("find / -name '.sleigh-*' 2> /dev/null; true"));

        Task<JsonObject> CopyAsync(string from, string to, int status) => Client.SendAsync(
            "POST", $"/sandboxes/{sandbox.Id}/environment/copy", new JsonObject { ["environment_path"] = from, ["sandbox_path"] = to }, status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Mounts_and_copies_are_told_as_events()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string mount = (string)(await zone.MountAsync(sandbox.Id, "data", "/data"))["id"]!;
        await zone.UnmountAsync(sandbox.Id, mount);
        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/environment/copy", new JsonObject { ["workspace_path"] = "env", ["sandbox_path"] = "/env" }, 200);

        using EventStream events = await EventStream.OpenAsync(
            fixture.Daemon, Client, $"/events?sandbox_id={sandbox.Id}&types=mount.,environment.", "0");
        StreamEvent[] told = [(await events.NextAsync())!, (await events.NextAsync())!, (await events.NextAsync())!];
        Assert.Equal(["mount.added", "mount.removed", "environment.copied"], told.Select(e => e.Type));
        Assert.All(told[..2], e => Assert.Equal(mount, (string?)e.Data["data"]!["mount_id"]));
        Assert.Equal("/env", (string?)told[2].Data["data"]!["sandbox_path"]);
    }

    private static JsonObject Root() => new() { ["user"] = "0:0" };
}
