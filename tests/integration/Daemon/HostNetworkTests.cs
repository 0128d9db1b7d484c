using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Sandboxes in the host's own network: what they reach, what they cannot do there, and that they stay there and nobody gets there unasked.</summary>
public sealed class HostNetworkTests(HostNetworkFixture fixture) : IClassFixture<HostNetworkFixture>
{
    private const string Refusal = "forbidden: network is 'host', which only the operator can allow, with the setting network.allow_host";

    // Linux's errors that say that something is not allowed, or not there for this caller: EPERM, EACCES, EROFS, EAFNOSUPPORT, EPROTONOSUPPORT.
    private static readonly string[] Refused = [" 1", " 13", " 30", " 93", " 97"];

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task It_reaches_what_listens_on_the_hosts_loopback_and_says_plainly_where_it_is()
    {
        JsonObject made = await Client.CreateAsync(await fixture.Images.HaveAsync(TestImages.Busybox), InHost("plain"));
        await using TestSandbox sandbox = new(Client, (string)made["sandbox_id"]!);
        Assert.Equal(("host", "cold", null), ((string?)made["network"], (string?)made["source"], made["egress"]));

        await ReachesAsync(sandbox);

        // The same interfaces, one more name, and the host's resolver; a copy, which it may change.
        Assert.Equal(Interfaces(), (await sandbox.RunAsync("ls /sys/class/net")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal($"{(await File.ReadAllTextAsync("/etc/hosts")).TrimEnd('\n')}\n127.0.0.1 plain\n", await sandbox.RunAsync("cat /etc/hosts"));
        Assert.Equal(await File.ReadAllTextAsync("/etc/resolv.conf"), await sandbox.RunAsync("cat /etc/resolv.conf"));
        await sandbox.RunAsync("echo 192.0.2.7 nowhere >> /etc/hosts");
        Assert.DoesNotContain("nowhere", await File.ReadAllTextAsync("/etc/hosts"), StringComparison.Ordinal);

        JsonNode held = (await sandbox.ViewAsync())["isolation"]!;
        Assert.Equal(["ipc", "mnt", "pid", "uts"], held["namespaces"]!.AsArray().Select(n => (string)n!).Where(n => n is not "user"));
        Assert.False((bool)held["network_namespace"]!["own"]!);
        Assert.StartsWith("it was made with network host", (string)held["network_namespace"]!["reason"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(held["capabilities"]!.AsArray(), c => ((string)c!).StartsWith("CAP_NET_", StringComparison.Ordinal));
        Assert.Contains(held["capabilities"]!.AsArray(), c => (string)c! == "CAP_CHOWN");
        Assert.Equal("host", (string?)(await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/network", null, 200))["network"]);

        // Another beside it has a namespace of its own, and the capabilities that the operator gives.
        await using TestSandbox other = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("network", "none"));
        JsonNode others = (await other.ViewAsync())["isolation"]!;
        Assert.Equal("""{"own":true}""", others["network_namespace"]!.ToJsonString());
        Assert.Contains(others["capabilities"]!.AsArray(), c => (string)c! == "CAP_NET_RAW");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task It_neither_listens_in_on_the_hosts_network_nor_changes_it_and_nothing_else_is_open_to_it()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, InHost("tries"));
        await RefusedAsync(sandbox, "0");
        await RefusedAsync(sandbox, "1000:1000");
        await HostileAttempts.AreRefusedAsync(sandbox);

        // The daemon's own port is there; what is open to callers on loopback elsewhere needs the key.
        ExecReply asked = await sandbox.ExecAsync($"wget -q -O - --post-data='' http://{fixture.Daemon.Address}/sessions/token");
        Assert.True(asked.ExitCode != 0 && asked.Stderr.Contains("401", StringComparison.Ordinal), asked.ToString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task It_cannot_be_moved_and_has_neither_policy_nor_ports()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, InHost("stays"));
        await using TestSandbox none = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("network", "none"));
        (string Method, string Path, string? Body, string Said)[] calls =
        [
            ("PUT", $"/sandboxes/{sandbox.Id}/network", """{"mode":"open"}""",
                $"400 invalid_argument bad request: sandbox {sandbox.Id} was made with network host, where nothing holds back what it sends, and a container cannot change its network; make one with network bridge"),
            ("PUT", $"/sandboxes/{none.Id}/network", """{"mode":"host"}""",
                "400 invalid_argument bad request: mode is 'host': a container cannot change its network; make a sandbox with network host"),
            ("PUT", $"/sandboxes/{sandbox.Id}/ports/8080", null,
                "400 unsupported_on_host a sandbox in the host's network has no ports of its own; call its server at the host's address"),
            ("POST", "/sandboxes", """{"image":"busybox","network":"host","ports":[8080]}""",
                "400 unsupported_on_host bad request: ports cannot be declared with network host: a sandbox there has no ports of its own; call its server at the host's address"),
            ("POST", "/sandboxes", """{"image":"busybox","network":{"mode":"host","deny":["192.0.2.0/24"]}}""",
                "400 invalid_argument bad request: network.deny cannot be had with network.mode host: nothing holds back what a sandbox in the host's network sends"),
        ];
        foreach ((string method, string path, string? body, string said) in calls)
        {
            Assert.Equal(said, await SaysAsync(Client, method, path, body));
        }

        // Nor while it does not run.
        await SandboxEnd.KillInitAsync(fixture.Daemon, Client, sandbox);
        Assert.Equal(calls[2].Said, await SaysAsync(Client, "PUT", calls[2].Path, null));
        await ReachesAsync(sandbox);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task It_stays_there_over_a_killed_daemon_rollback_and_fork()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, InHost("long"));
        string slot = await sandbox.SlotAsync();
        string snapshot = await sandbox.SnapshotAsync();
        string running = await sandbox.StartAsync("mkfifo /wait; read x < /wait; echo went on");

        await fixture.Daemon.KillAndRestartAsync();

        Assert.Equal(slot, await sandbox.SlotAsync());
        await IsInHostAsync(sandbox);
        await RefusedAsync(sandbox, "0");
        await sandbox.RunAsync("echo > /wait");
        Assert.Equal("went on\n", (await sandbox.FinalAsync(running)).Stdout);

        await sandbox.RollbackAsync(snapshot);
        Assert.NotEqual(slot, await sandbox.SlotAsync());
        await IsInHostAsync(sandbox);
        await RefusedAsync(sandbox, "0");
        await using TestSandbox fork = new(Client, (await Client.ForkAsync(sandbox.Id, 1, snapshot))[0]);
        await IsInHostAsync(fork);

        // Where its files go, its network does not follow.
        await using TestSandbox copy = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("snapshot_id", snapshot));
        Assert.Equal("none", (string?)(await copy.ViewAsync())["network"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_operator_who_takes_the_permission_back_ends_nothing_and_lets_nothing_begin()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, InHost("late"));
        string snapshot = await sandbox.SnapshotAsync();
        string body = new JsonObject { ["image"] = TestImages.Busybox, ["network"] = "host" }.ToJsonString();
        string late = $"403 host_network_not_allowed forbidden: network of sandbox {sandbox.Id} is 'host', which the operator does not allow any more with the setting network.allow_host, so no container can be made for it";
        try
        {
            fixture.Daemon.Set("network.allow_host", "false");
            await fixture.Daemon.KillAndRestartAsync();

            await IsInHostAsync(sandbox);
            Assert.Equal($"403 host_network_not_allowed {Refusal}", await SaysAsync(Client, "POST", "/sandboxes", body));
            Assert.Equal(late, await SaysAsync(Client, "POST", $"/sandboxes/{sandbox.Id}/fork", "{}"));
            Assert.Equal(late, await SaysAsync(Client, "POST", $"/sandboxes/{sandbox.Id}/rollback", $$"""{"snapshot_id":"{{snapshot}}"}"""));
            Assert.Equal([snapshot], (await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots", null, 200))["items"]!.AsArray().Select(s => (string)s!["id"]!));
            Assert.Contains($"{sandbox.Id} was made in the host's network, which network.allow_host does not allow any more", fixture.Daemon.LogTail, StringComparison.Ordinal);
            await IsInHostAsync(sandbox);

            await SandboxEnd.KillInitAsync(fixture.Daemon, Client, sandbox);
            Assert.Equal(late, await SaysAsync(Client, "POST", $"/sandboxes/{sandbox.Id}/exec", """{"command":"true","wait":true}"""));
        }
        finally
        {
            fixture.Daemon.Set("network.allow_host", "true");
            await fixture.Daemon.KillAndRestartAsync();
        }

        await IsInHostAsync(sandbox);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task With_users_of_its_own_root_inside_is_nobody_to_the_host_there_and_the_default_is_never_parked()
    {
        await using TestDaemon daemon = new([.. HostNetworkFixture.Settings, ("sandbox.user_namespace", "true"), ("sandbox.network", "host")]);
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        JsonObject made = await client.CreateAsync(await images.HaveAsync(TestImages.Busybox));
        Assert.Equal(("host", "cold"), ((string?)made["network"], (string?)made["source"]));
        await using (TestSandbox sandbox = new(client, (string)made["sandbox_id"]!))
        {
            await ReachesAsync(sandbox);
            await RefusedAsync(sandbox, "0");
            await HostileAttempts.AreRefusedAsync(sandbox);

            JsonNode held = (await sandbox.ViewAsync())["isolation"]!;
            Assert.Equal(["ipc", "mnt", "pid", "user", "uts"], held["namespaces"]!.AsArray().Select(n => (string)n!));
            Assert.True((bool)held["user_namespace"]!["own"]!);
            Assert.Contains("/sys", held["read_only_paths"]!.AsArray().Select(p => (string)p!));

            // The host's /sys but for what is mounted there: no cgroups, and nothing that can be written to.
            Assert.Equal(Interfaces(), (await sandbox.RunAsync("ls /sys/class/net")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal("block\nbus\nclass\ndev\ndevices\nmodule\n", await sandbox.RunAsync("ls /sys"));
            Assert.Equal("", await sandbox.RunAsync("grep -E ' cgroup2? ' /proc/mounts; true"));
            Assert.NotEqual(0, (await sandbox.ExecAsync("echo 1 > /sys/class/net/lo/ifalias || mkdir /sys/x || echo x > /sys/devices/x")).ExitCode);
            Assert.Matches(@"^0(-\d+)?\n$", await sandbox.RunAsync("cat /sys/devices/system/cpu/online"));
        }

        await using TestSandbox parked = new(client, await client.NewAsync(TestImages.Busybox, JsonFields.Of("network", "none")));
        Assert.Equal("1", (await parked.RunAsync("ls /sys/class/net | wc -l")).Trim());
    }

    private static JsonObject InHost(string name) => new() { ["network"] = "host", ["name"] = name };

    private static string[] Interfaces() => [.. Directory.GetFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static async Task<string> SaysAsync(DaemonClient client, string method, string path, string? body)
    {
        (int status, JsonObject reply) = await client.CallAsync(method, path, body is null ? null : JsonNode.Parse(body)!.AsObject());
        return $"{status} {reply["code"]} {reply["error"]}";
    }

    private static async Task IsInHostAsync(TestSandbox sandbox)
    {
        JsonObject seen = await sandbox.ViewAsync();
        Assert.Equal("host", (string?)seen["network"]);
        await ReachesAsync(sandbox);
    }

    // A listener on the host's loopback alone, and one of the sandbox's own that the host reaches there.
    private static async Task ReachesAsync(TestSandbox sandbox)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task greeting = GreetAsync(listener);
        Assert.Equal("from the host\n", await sandbox.RunAsync($"nc -w 20 127.0.0.1 {((IPEndPoint)listener.LocalEndpoint).Port} < /dev/null"));
        await greeting;
    }

    private static async Task GreetAsync(TcpListener listener)
    {
        using TcpClient caller = await listener.AcceptTcpClientAsync();
        await caller.GetStream().WriteAsync("from the host\n"u8.ToArray());
    }

    private static async Task RefusedAsync(TestSandbox sandbox, string user)
    {
        await sandbox.PutAsync("/hostnet", await TestProgram.BuildAsync("hostnet", isStatic: true));

        string[] said = (await sandbox.RunAsync("/hostnet", JsonFields.Of("user", user))).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(("end", 35), (said[^1], said.Length));
        string[] open = [.. said[..^1].Where(line => !Refused.Any(number => line.EndsWith(number, StringComparison.Ordinal)))];
        Assert.True(open.Length == 0, $"not refused to {user}: {string.Join(", ", open)}");
    }
}
