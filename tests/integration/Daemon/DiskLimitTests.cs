using System.Formats.Tar;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary><c>disk_limit_mb</c>: what a sandbox's own files may take, whatever becomes of it.</summary>
public sealed class DiskLimitTests
{
    private const int LimitMb = 80;
    private const string Fill = "dd if=/dev/zero of=/fill bs=256k count=4000 2>&1; r=$?; stat -c %s /fill; exit $r";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_meets_its_limit_is_told_so_and_its_neighbour_goes_on()
    {
        await using TestDaemon daemon = new(("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string neighbour = await client.NewAsync(image);
        JsonObject made = await client.CreateAsync(image, new JsonObject { ["disk_limit_mb"] = LimitMb });
        string limited = (string)made["sandbox_id"]!;
        Assert.Equal(LimitMb, (int?)made["disk_limit_mb"]);
        Assert.False((await client.ExecAsync(limited, "exit 3")).Json.ContainsKey("disk"));

        ExecReply full = await client.ExecAsync(limited, Fill);
        AssertFull(full);
        JsonObject disk = full.Json["disk"]!.AsObject();
        Assert.Equal((LimitMb, true), ((int)disk["limit_mb"]!, (bool)disk["full"]!));
        Assert.InRange((int)disk["used_mb"]!, LimitMb - 2, LimitMb);
        Assert.StartsWith($"the sandbox is at its disk limit of {LimitMb} MB, and writes fail with EDQUOT; ", (string)disk["advice"]!, StringComparison.Ordinal);
        Assert.NotNull((await client.ExecOfAsync(limited, (string)full.Json["id"]!)).Json["disk"]);
        await client.RunAsync(neighbour, "dd if=/dev/zero of=/fill bs=1M count=200 && rm /fill");
        Assert.False((await client.ExecAsync(neighbour, "exit 3")).Json.ContainsKey("disk"));

        // The daemon writes on the sandbox's account too.
        using (ByteArrayContent content = new(new byte[4 << 20]))
        {
            (int status, JsonObject refused) = await client.CallAsync("PUT", $"/sandboxes/{limited}/files?path=/more", content);
            Assert.Equal((507, "disk_full"), (status, (string?)refused["code"]));
            Assert.Contains("the sandbox is at its disk limit", (string)refused["error"]!, StringComparison.Ordinal);
        }

        AssertFull(await client.ExecAsync(limited, $"rm /fill; {Fill}"));
        await client.RunAsync(limited, "rm /fill");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_limit_stays_over_rollback_fork_create_stop_and_the_daemon()
    {
        await using TestDaemon daemon = new(("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string limited = await client.NewAsync(image, new JsonObject { ["disk_limit_mb"] = LimitMb });
        await client.RunAsync(limited, "dd if=/dev/zero of=/old bs=1M count=40");
        string half = await client.SnapshotAsync(limited);
        AssertFull(await client.ExecAsync(limited, $"rm /old; {Fill}"));
        string full = await client.SnapshotAsync(limited);

        await daemon.KillAndRestartAsync();
        Assert.Equal(LimitMb, (int?)(await client.GetAsync(limited))["disk_limit_mb"]);
        AssertFull(await client.ExecAsync(limited, $"rm /fill; {Fill}"));

        await client.RollbackAsync(limited, half);
        AssertFull(await client.ExecAsync(limited, $"rm /old; {Fill}"));
        await client.RollbackAsync(limited, full);
        Assert.NotNull((await client.ExecAsync(limited, "dd if=/dev/zero of=/more bs=1M count=4")).Json["disk"]);
        AssertFull(await client.ExecAsync(limited, $"rm -f /more /fill; {Fill}"));

        string fork = (await client.ForkAsync(limited, 1, half))[0];
        AssertFull(await client.ExecAsync(fork, $"rm /old; {Fill}"));
        string copy = await client.NewAsync(image, new JsonObject { ["snapshot_id"] = full });
        AssertFull(await client.ExecAsync(copy, $"rm /fill; {Fill}"));
        JsonObject free = await client.CreateAsync(image, new JsonObject { ["snapshot_id"] = full, ["disk_limit_mb"] = 0 });
        Assert.False(free.ContainsKey("disk_limit_mb"));
        await client.RunAsync((string)free["sandbox_id"]!, "dd if=/dev/zero of=/more bs=1M count=150");

        // A full one that has exited is started again.
        await using TestSandbox ended = new(client, fork);
        await SandboxEnd.KillInitAsync(daemon, client, ended);
        Assert.NotNull((await client.ExecAsync(fork, "dd if=/dev/zero of=/more bs=1M count=4")).Json["disk"]);
        AssertFull(await client.ExecAsync(fork, $"rm -f /more /fill; {Fill}"));
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Whatever_comes_from_the_host_or_a_snapshot_is_told_of_the_limit_and_not_of_a_full_disk()
    {
        using TestDirectory host = new();
        Shell.Bash($"mkdir -p {host.Path}/mounts/data {host.Path}/environments/env; head -c 4M /dev/urandom > {host.Path}/environments/env/big");
        await using TestDaemon daemon = new(
            ("storage.driver", "btrfs"), ("mounts.root", $"{host.Path}/mounts"), ("environments.root", $"{host.Path}/environments"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string limited = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), new JsonObject { ["disk_limit_mb"] = LimitMb });
        await client.RunAsync(limited, "dd if=/dev/urandom of=/old bs=1M count=8 2> /dev/null");
        string snapshot = await client.SnapshotAsync(limited);
        await client.RunAsync(limited, "rm /old");
        AssertFull(await client.ExecAsync(limited, Fill));

        // Small files until nothing more can be made: the fill leaves some room that only a large write does not get.
        await client.ExecAsync(limited, "mkdir /m; i=0; while head -c 3000 /dev/urandom > /m/$i; do i=$((i+1)); done 2> /dev/null; mkdir -p /a/b/c/d 2> /dev/null; true");

        await RefusedAsync("environment/copy", new JsonObject { ["environment_path"] = "env", ["sandbox_path"] = "/m" }, "the sandbox is at its disk limit; what was copied before stays");
        await RefusedAsync("mounts", new JsonObject { ["workspace_path"] = "data", ["container_path"] = "/new/deep/er", ["mode"] = "ro" }, "the sandbox is at its disk limit; nothing was mounted");
        await RefusedAsync(
            $"snapshots/{snapshot}/restore", new JsonObject { ["paths"] = new JsonArray("/old") }, "the sandbox is at its disk limit; what comes before path /old was put back");

        async Task RefusedAsync(string what, JsonObject body, string error)
        {
            (int status, JsonObject refused) = await client.CallAsync("POST", $"/sandboxes/{limited}/{what}", body);
            Assert.Equal((507, "disk_full", error), (status, (string?)refused["code"], (string?)refused["error"]));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Nobody_in_the_sandbox_lifts_it()
    {
        await using TestDaemon daemon = new(("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string limited = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), new JsonObject { ["disk_limit_mb"] = LimitMb });
        await client.PutAsync(limited, "/tmp/quotas", await TestProgram.BuildAsync("quotas", isStatic: true));

        Assert.Equal("quotas off: refused\nlimit off: refused\nsubvolume: refused\n", await client.RunAsync(limited, "/tmp/quotas"));

        AssertFull(await client.ExecAsync(limited, Fill));
        await client.DeleteAsync(limited);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Where_the_kernel_holds_no_limit_and_a_soft_one_is_not_wanted_it_is_refused_with_the_reason()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"), ("storage.soft_disk_limits", "false"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);

        (int status, JsonObject refused) = await client.CallAsync(
            "POST", "/sandboxes", new JsonObject { ["image"] = image, ["disk_limit_mb"] = LimitMb });

        Assert.Equal((400, "unsupported_on_host"), (status, (string?)refused["code"]));
        Assert.StartsWith("bad request: disk_limit_mb cannot be enforced on this host: the project quotas of the filesystem are off", (string)refused["error"]!, StringComparison.Ordinal);
        Assert.Empty((await client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Where_the_kernel_holds_no_limit_a_filler_is_ended_and_only_deleting_is_let_in()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string neighbour = await client.NewAsync(image);
        JsonObject made = await client.CreateAsync(image, new JsonObject { ["disk_limit_mb"] = LimitMb });
        string limited = (string)made["sandbox_id"]!;
        Assert.Equal("soft", (string?)made["disk_limit_kind"]);
        await client.RunAsync(limited, "mkdir /full && echo here > /full/0 && (sleep 1000 > /dev/null 2>&1 &)");

        // Slowly, so that the disk of the tests does not fill up when nobody looks for a while.
        ExecReply filler = await client.ExecAsync(limited, "i=0; while [ $i -lt 6000 ]; do i=$((i+1)); dd if=/dev/zero of=/full/$i bs=1M count=1 2> /dev/null; sleep 0.05; done");
        Assert.Equal(("failed", 137), (filler.Status, filler.ExitCode));
        Assert.Equal("command was ended because its sandbox was over its disk limit", (string?)filler.Json["error"]);
        JsonObject disk = filler.Json["disk"]!.AsObject();
        Assert.Equal((LimitMb, true), ((int)disk["limit_mb"]!, (bool)disk["full"]!));
        Assert.True((int)disk["used_mb"]! >= LimitMb, $"{disk}");
        Assert.Contains("its commands are ended, as the limit is soft on this host", (string)disk["advice"]!, StringComparison.Ordinal);
        Assert.Equal("well\n", await client.RunAsync(neighbour, "echo well"));
        await AssertOverAsync();

        await daemon.KillAndRestartAsync();
        await AssertOverAsync();
        Assert.Equal("soft", (string?)(await client.GetAsync(limited))["disk_limit_kind"]);
        Assert.False((await client.GetAsync(neighbour)).ContainsKey("disk_limit_kind"));

        await client.SendAsync("DELETE", $"/sandboxes/{limited}/files?path=/full&recursive=true", null, 204);
        Assert.Equal("0\n", await client.RunAsync(limited, "ps | grep -c '[s]leep 1000' || true"));
        await client.RunAsync(limited, "dd if=/dev/zero of=/more bs=1M count=40 && rm /more");

        async Task AssertOverAsync()
        {
            JsonObject command = new() { ["command"] = "true", ["wait"] = true };
            (int status, JsonObject refused) = await client.CallAsync("POST", $"/sandboxes/{limited}/exec", command);
            Assert.Equal((507, "disk_full"), (status, (string?)refused["code"]));
            Assert.Contains($"sandbox {limited} is over its disk limit: it holds ", (string)refused["error"]!, StringComparison.Ordinal);
            Assert.Contains("DELETE /sandboxes/{id}/files", (string)refused["hint"]!, StringComparison.Ordinal);
            using ByteArrayContent content = new(new byte[4096]);
            (status, refused) = await client.CallAsync("PUT", $"/sandboxes/{limited}/files?path=/more", content);
            Assert.Equal((507, "disk_full"), (status, (string?)refused["code"]));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task At_a_soft_limit_a_file_that_comes_over_the_api_counts_before_it_is_in_place()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string limited = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), new JsonObject { ["disk_limit_mb"] = LimitMb });
        await client.RunAsync(limited, "dd if=/dev/zero of=/fill bs=1M count=40 2> /dev/null; (sleep 1000 > /dev/null 2>&1 &)");

        // Refused while it comes, and nothing of it stays. The sandbox was never over its limit: its commands go on.
        await RefusedAsync("files?path=/big", new BigBody(60 << 20, allNoise: true));
        await RefusedAsync("files/archive?path=/", new ByteArrayContent(Archive(60 << 20)));
        Assert.Equal("", await client.RunAsync(limited, "ls /big /member 2> /dev/null; true"));
        Assert.Equal("1\n", await client.RunAsync(limited, "ps | grep -c '[s]leep 1000'"));

        // Holes take nothing, and what has been deleted since the last look is known.
        await AcceptedAsync(new BigBody(160 << 20));
        await client.RunAsync(limited, "rm /fill");
        await AcceptedAsync(new BigBody(60 << 20, allNoise: true));

        async Task RefusedAsync(string where, HttpContent content)
        {
            using (content)
            {
                (int status, JsonObject refused) = await client.CallAsync("PUT", $"/sandboxes/{limited}/{where}", content);
                Assert.Equal((507, "disk_full"), (status, (string?)refused["code"]));
                Assert.Contains($"sandbox {limited} has no room within its disk limit for what is being written: it holds ", (string)refused["error"]!, StringComparison.Ordinal);
                Assert.Equal((LimitMb, "soft"), ((int)refused["details"]!["limit_mb"]!, (string?)refused["details"]!["disk_limit_kind"]));
            }
        }

        async Task AcceptedAsync(HttpContent content)
        {
            using (content)
            {
                (int status, JsonObject written) = await client.CallAsync("PUT", $"/sandboxes/{limited}/files?path=/{Guid.NewGuid():N}", content);
                Assert.True(status is 200 or 201, $"{status} {written.ToJsonString()}");
            }
        }
    }

    private static byte[] Archive(int bytes)
    {
        byte[] noise = new byte[bytes];
        new Random(1).NextBytes(noise);
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "member") { DataStream = new MemoryStream(noise) });
        }

        return archive.ToArray();
    }

    private static void AssertFull(ExecReply filled)
    {
        Assert.True(filled.ExitCode == 1, $"{filled}");
        Assert.Contains("Disk quota exceeded", filled.Stdout, StringComparison.Ordinal);
        Assert.NotNull(filled.Json["disk"]);
        Assert.InRange(long.Parse(filled.Stdout.Trim().Split('\n')[^1], System.Globalization.CultureInfo.InvariantCulture) / 1048576.0, LimitMb * 0.98, LimitMb);
    }
}
