using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// What sandbox.user_namespace promises: root inside is nobody to the host, and files are as they would be without it, inside, on the disk and over the API.
/// </summary>
public sealed class UserNamespaceTests(UserNamespaceFixture fixture) : IClassFixture<UserNamespaceFixture>
{
    private const string Make =
        "mkdir -p /w/dir && cd /w && echo mine > mine && echo his > his && chown 1000:1001 his && echo set > set && chown 7:8 set && chmod 6755 set "
        + "&& ln -s his link && chown -h 5:6 link && mkfifo fifo && chown 9:10 dir && rm -f /etc/group && echo x >> /etc/passwd && echo big > big && chown 2000000000:1234567 big";

    private const string List = "cd / && find w etc/passwd -exec stat -c '%n %F %a %u %g %s' {} + | sort; ls etc/group 2> /dev/null; true";

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Root_inside_is_an_ordinary_user_of_the_host()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        Assert.Equal("0", (await sandbox.RunAsync("id -u")).Trim());
        Assert.Equal("0 2147483648 2147483645", string.Join(' ', (await sandbox.RunAsync("cat /proc/self/uid_map")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim());

        // Root, and a user; PID 1 is neither.
        await sandbox.StartAsync("sleep 4711");
        await sandbox.StartAsync("sleep 4712", JsonFields.Of("user", "1000:1000"));
        Assert.Equal($"{UserNamespaceFixture.First} {UserNamespaceFixture.First}", await OwnerOfProcessAsync("sleep 4711"));
        Assert.Equal($"{UserNamespaceFixture.First + 1000} {UserNamespaceFixture.First + 1000}", await OwnerOfProcessAsync("sleep 4712"));

        JsonNode held = (await sandbox.ViewAsync())["isolation"]!;
        Assert.Contains("user", held["namespaces"]!.AsArray().Select(n => (string)n!));
        Assert.Equal(
            "{\"own\":true,\"host_ids\":{\"first\":2147483648,\"count\":2147483645}}", held["user_namespace"]!.ToJsonString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Files_have_plain_owners_on_the_disk_and_snapshots_rollbacks_and_forks_keep_them()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        await sandbox.RunAsync(Make);
        string before = await sandbox.RunAsync(List);
        Assert.Contains("w/big regular file 644 2000000000 1234567 4\n", before, StringComparison.Ordinal);
        Assert.Contains("w/set regular file 6755 7 8 4\n", before, StringComparison.Ordinal);
        Assert.Contains("w/link symbolic link 777 5 6 3\n", before, StringComparison.Ordinal);

        string snapshot = await sandbox.SnapshotAsync();
        string disk = Shell.Bash(
            $"cd {fixture.Daemon.DataDir}/pool/sealed/*{snapshot.Split('_')[1]}*/upper && "
            + "find w etc/passwd -exec stat -c '%n %F %a %u %g %s' {} + | LC_ALL=C sort");
        Assert.Equal(string.Join('\n', before.Split('\n').Order(StringComparer.Ordinal)).Trim(), string.Join('\n', disk.Split('\n').Order(StringComparer.Ordinal)).Trim());

        await sandbox.RunAsync("rm -r /w/dir; chown 77:77 /w/*; echo new > /w/new");
        await sandbox.RollbackAsync(snapshot);
        Assert.Equal(before, await sandbox.RunAsync(List));
        foreach (string id in await Client.ForkAsync(sandbox.Id, 2))
        {
            await using TestSandbox fork = new(Client, id);
            Assert.Equal(before, await fork.RunAsync(List));
            await fork.RunAsync("chown 1:1 /w/his && rm /w/mine");
        }

        JsonObject same = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/diff", null, 200);
        Assert.True(same["items"]!.AsArray().Count == 0, same.ToJsonString());
        await sandbox.RunAsync("chown 78 /w/his; rm /w/mine");
        await Client.SendAsync(
            "POST", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/restore", new JsonObject { ["paths"] = new JsonArray("/w"), ["delete_added"] = true }, 200);
        Assert.Equal(before, await sandbox.RunAsync(List));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Files_that_come_and_go_over_the_api_keep_their_owners()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        using TestDirectory directory = new();
        Shell.Bash($"cd {directory.Path}; mkdir in; echo a > in/a; ln -s a in/l; chown 1000:1001 in/a; chown -h 5:6 in/l; chown 3:4 in; tar --format=pax --numeric-owner -cf in.tar in");
        using (StreamContent archive = new(File.OpenRead(directory["in.tar"])))
        {
            (int status, JsonObject reply) = await Client.CallAsync("PUT", $"/sandboxes/{sandbox.Id}/files/archive?path=/deep/er", archive);
            Assert.True(status == 200, reply.ToJsonString());
        }

        Assert.Equal("0 0\n0 0\n3 4\n1000 1001\n5 6\n", await sandbox.RunAsync("stat -c '%u %g' /deep /deep/er /deep/er/in /deep/er/in/a /deep/er/in/l"));
        JsonObject seen = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/stat?path=/deep/er/in/a", null, 200);
        Assert.Equal((1000, 1001), ((int)seen["uid"]!, (int)seen["gid"]!));

        using (HttpResponseMessage back = await Client.RawAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/deep/er/in"))
        {
            await using (FileStream file = File.Create(directory["out.tar"]))
            {
                await back.Content.CopyToAsync(file);
            }

            Assert.Equal("3/4 in/\n1000/1001 in/a\n5/6 in/l\n", Shell.Bash($"tar --numeric-owner -tvf {directory["out.tar"]} | awk '{{print $2, $6}}' | LC_ALL=C sort -k2"));
        }

        using (ByteArrayContent content = new("text"u8.ToArray()))
        {
            (int status, JsonObject wrote) = await Client.CallAsync("PUT", $"/sandboxes/{sandbox.Id}/files?path=/new/er/file&user=1234:99", content);
            Assert.True(status is 200 or 201 && ((int)wrote["uid"]!, (int)wrote["gid"]!) == (1234, 99), wrote.ToJsonString());
        }

        Assert.Equal("1234 99\n1234 99\n", await sandbox.RunAsync("stat -c '%u %g' /new/er /new/er/file"));
        using (ByteArrayContent content = new("text"u8.ToArray()))
        {
            (int status, JsonObject refused) = await Client.CallAsync("PUT", $"/sandboxes/{sandbox.Id}/files?path=/x&user=2147483646:1", content);
            Assert.True(status == 400 && ((string)refused["error"]!).Contains("ids end at 2147483644", StringComparison.Ordinal), refused.ToJsonString());
        }

        Shell.Bash($"cd {directory.Path}; echo far > far; chown 3000000000 far; tar --format=pax --numeric-owner -cf far.tar far");
        using (StreamContent archive = new(File.OpenRead(directory["far.tar"])))
        {
            (int status, JsonObject refused) = await Client.CallAsync("PUT", $"/sandboxes/{sandbox.Id}/files/archive?path=/far", archive);
            Assert.True(status == 400 && ((string)refused["error"]!).Contains("cannot be had in a sandbox with a user namespace", StringComparison.Ordinal), refused.ToJsonString());
        }

        Assert.Equal("", await sandbox.RunAsync("find / -xdev -uid 65534 2> /dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Directories_of_the_host_show_their_owners_and_take_those_of_inside()
    {
        Shell.Bash($"cd {fixture.Zone}; mkdir -p data; echo old > data/old; chown 4242:4343 data/old; chmod 777 data");
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        JsonObject body = new() { ["workspace_path"] = "data", ["container_path"] = "/made/data", ["mode"] = "rw" };
        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/mounts", body, 201);

        Assert.Equal("4242 4343\n", await sandbox.RunAsync("stat -c '%u %g' /made/data/old"));
        Assert.Equal("0 0\n", await sandbox.RunAsync("stat -c '%u %g' /made"));
        await sandbox.RunAsync("cd /made/data && echo root > root && echo x > his && chown 1000:1000 his && chown 99 old");
        await sandbox.RunAsync("echo user > /made/data/user", JsonFields.Of("user", "1500:1500"));
        Assert.Equal("0 0\n1000 1000\n99 4343\n1500 1500\n", Shell.Bash($"cd {fixture.Zone}/data && stat -c '%u %g' root his old user"));

        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/environment/copy", new JsonObject { ["environment_path"] = "data", ["sandbox_path"] = "/env" }, 200);
        Assert.Equal("0 0\n0 0\n", await sandbox.RunAsync("stat -c '%u %g' /env /env/his"));

        // A file system that can only show its files as they are, as overlayfs is one: refused, and nothing is mounted.
        Shell.Bash($"cd {fixture.Zone}; mkdir -p over lower upper work; mount -t overlay over -o lowerdir=lower,upperdir=upper,workdir=work over");
        (int status, JsonObject refused) = await Client.CallAsync(
            "POST", $"/sandboxes/{sandbox.Id}/mounts", new JsonObject { ["workspace_path"] = "over", ["container_path"] = "/over" });
        Assert.True(
            status == 400 && (string)refused["code"]! == "path_not_allowed" && ((string)refused["error"]!).Contains("it has no idmapped mounts on this kernel", StringComparison.Ordinal),
            refused.ToJsonString());
        Assert.Equal("1", await sandbox.RunAsync("grep -c ' /made/data ' /proc/self/mountinfo | tr -d '\n'; grep ' /over ' /proc/self/mountinfo; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_the_host_keeps_for_itself_shows_as_nobodys_and_cannot_be_taken()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();

        // Files of the kernel that belong to the host's root.
        Assert.Equal("65534\n", await sandbox.RunAsync("stat -c %u /proc/sys/kernel/hostname"));
        Assert.NotEqual(0, (await sandbox.ExecAsync("chown 0 /dev/null")).ExitCode);
        Assert.NotEqual(0, (await sandbox.ExecAsync("mknod /node b 7 0")).ExitCode);
        Assert.Equal("0 0\n0 0\n", await sandbox.RunAsync("stat -c '%u %g' /etc/hosts /dev/shm"));

        // The sandbox's own files can be: also those laid over it.
        Assert.NotEqual(0, (await sandbox.ExecAsync("dd if=/dev/zero of=/etc/hosts bs=64k count=16")).ExitCode);
        await sandbox.RunAsync("echo 1.2.3.4 there > /etc/hosts && chown 7 /etc/hosts && touch /dev/shm/x && chown 5 /dev/shm/x");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_the_kernel_counts_of_users_is_each_sandboxs_own_and_takes_nothing_from_neighbours_nor_from_the_hosts_root()
    {
        int most = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_user_instances"), CultureInfo.InvariantCulture);
        await using TestSandbox hoarder = await fixture.SandboxAsync();
        await using TestSandbox neighbour = await fixture.SandboxAsync();
        foreach (TestSandbox sandbox in (TestSandbox[])[hoarder, neighbour])
        {
            await sandbox.PutAsync("/counted", await TestProgram.BuildAsync("counted", isStatic: true));
        }

        // Of each kind all that a user can have: the first limit is the host's for one user, the second that of a sandbox's namespace.
        (string instances, string taken) = await HoldAsync(hoarder, $"/counted inotify {most + 100}");
        (string namespaces, string made) = await HoldAsync(hoarder, "/counted uts 6000");
        Assert.Equal($"{most} EMFILE", taken);
        Assert.Matches("^40[0-9][0-9] ENOSPC$", made);

        // Others have their own, root of the host among them.
        (string others, string had) = await HoldAsync(neighbour, $"/counted inotify {most}");
        Assert.Equal($"{most} all", had);
        using (FileSystemWatcher hosts = new(fixture.Zone))
        {
            hosts.EnableRaisingEvents = true;
        }

        Assert.Equal(2, (await Task.WhenAll(OwnerOfNamespaceAsync(hoarder), OwnerOfNamespaceAsync(neighbour))).Distinct().Count(owner => owner is >= 2_013_265_920 and < 2_080_374_784));
        foreach (TestSandbox sandbox in (TestSandbox[])[hoarder, neighbour])
        {
            await sandbox.RunAsync("touch /stop");
        }

        Assert.Equal((0, 0, 0), ((await hoarder.FinalAsync(instances)).ExitCode, (await hoarder.FinalAsync(namespaces)).ExitCode, (await neighbour.FinalAsync(others)).ExitCode));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Nobody_inside_is_taken_for_the_host_whose_root_has_his_number_there()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        string process = await ProcessInAsync(sandbox);
        string directory = Path.Combine(fixture.Daemon.StateDir, "slots", await sandbox.SlotAsync());
        string script = Path.Combine(Host.Repository, "tests", "integration", "Daemon", "Programs", "insider.py");

        // As if the socket could be reached from inside, which it cannot.
        Shell.Bash($"chmod 711 {directory}; chmod 666 {directory}/init.sock");
        Assert.Equal("0\n", Shell.Bash($"python3 {script} {process} {directory} 65534"));

        Assert.Equal("still\n", await sandbox.RunAsync("echo still"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_keeps_its_users_over_a_change_of_the_setting_and_new_ones_have_the_new_kind()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync();
        await sandbox.RunAsync("echo one > /one; chown 12:13 /one");
        string snapshot = await sandbox.SnapshotAsync();
        try
        {
            fixture.Daemon.Set("sandbox.user_namespace", "false");
            await fixture.Daemon.KillAndRestartAsync();

            Assert.True(await HasOwnAsync(sandbox));
            Assert.Equal("12 13\n", await sandbox.RunAsync("stat -c '%u %g' /one"));
            await sandbox.PutAsync("/two", Encoding.ASCII.GetBytes("two"));
            Assert.Equal("0 0\n", await sandbox.RunAsync("stat -c '%u %g' /two"));
            await using TestSandbox plain = await fixture.SandboxAsync();
            Assert.False(await HasOwnAsync(plain));

            // From the one kind into the other, by way of the disk.
            await sandbox.RollbackAsync(snapshot);
            Assert.False(await HasOwnAsync(sandbox));
            Assert.Equal("12 13\n", await sandbox.RunAsync("stat -c '%u %g' /one"));
            await sandbox.RunAsync("echo three > /three; chown 14:15 /three");
            snapshot = await sandbox.SnapshotAsync();
        }
        finally
        {
            fixture.Daemon.Set("sandbox.user_namespace", "true");
            await fixture.Daemon.KillAndRestartAsync();
        }

        await sandbox.RollbackAsync(snapshot);
        Assert.True(await HasOwnAsync(sandbox));
        Assert.Equal("14 15\n", await sandbox.RunAsync("stat -c '%u %g' /three"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_that_could_not_keep_the_promise_does_not_start()
    {
        await using TestDaemon daemon = new(("sandbox.user_namespace", "true"));
        File.SetUnixFileMode(daemon.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        (int status, string said) = await daemon.RunToEndAsync();

        Assert.NotEqual(0, status);
        Assert.Contains($"sandbox.user_namespace is true, and this host cannot do it: {daemon.Folder}, on the way to state_dir's skeleton", said, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task With_auto_a_daemon_that_cannot_give_them_says_why_and_goes_without_until_it_can()
    {
        await using TestDaemon daemon = new(("sandbox.user_namespace", "auto"), ("pool.size", "0"));
        using TestImages images = new(daemon);
        File.SetUnixFileMode(daemon.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await daemon.StartAsync();
        using (DaemonClient client = await DaemonClient.NewSessionAsync(daemon))
        {
            await using TestSandbox plain = new(client, await client.NewAsync(await images.HaveAsync(TestImages.Busybox)));
            JsonNode users = (await plain.ViewAsync())["isolation"]!["user_namespace"]!;
            Assert.False((bool)users["own"]!);
            Assert.Contains("or auto and this host could not", (string)users["reason"]!, StringComparison.Ordinal);
        }

        Assert.Single(
            File.ReadLines(daemon.LogFile), line => line.Contains($"which cannot give them: {daemon.Folder}, on the way to state_dir's skeleton", StringComparison.Ordinal));
        daemon.LetEnter();
        await daemon.KillAndRestartAsync();
        using DaemonClient later = await DaemonClient.NewSessionAsync(daemon);
        await using TestSandbox sandbox = new(later, await later.NewAsync(TestImages.Busybox));
        Assert.True(await HasOwnAsync(sandbox));

        // What agents are to mount counts as well.
        using TestDirectory directory = new();
        Shell.Bash($"cd {directory.Path}; mkdir over lower upper work; mount -t overlay over -o lowerdir=lower,upperdir=upper,workdir=work over");
        try
        {
            daemon.Set("mounts.root", directory["over"]);
            await daemon.KillAndRestartAsync();
            await using TestSandbox mounts = new(later, await later.NewAsync(TestImages.Busybox));
            Assert.False(await HasOwnAsync(mounts));
            Assert.True(await HasOwnAsync(sandbox));
            Assert.Single(
                File.ReadLines(daemon.LogFile), line => line.Contains($"which cannot give them: a filesystem at or below mounts.root, {directory["over"]}, has no idmapped mounts", StringComparison.Ordinal));
        }
        finally
        {
            Shell.Bash($"umount {directory["over"]}");
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_fork_says_that_a_mount_of_its_origin_cannot_show_its_owners()
    {
        try
        {
            fixture.Daemon.Set("sandbox.user_namespace", "false");
            await fixture.Daemon.KillAndRestartAsync();
            Shell.Bash($"cd {fixture.Zone}; mkdir -p plain lower2 upper2 work2; mount -t overlay plain -o lowerdir=lower2,upperdir=upper2,workdir=work2 plain");
            await using TestSandbox sandbox = await fixture.SandboxAsync();
            await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/mounts", new JsonObject { ["workspace_path"] = "plain", ["container_path"] = "/plain" }, 201);
            fixture.Daemon.Set("sandbox.user_namespace", "true");
            await fixture.Daemon.KillAndRestartAsync();

            (int status, JsonObject refused) = await Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/fork", new JsonObject { ["count"] = 1 });

            Assert.Equal((409, "mount_source_missing"), (status, (string?)refused["code"]));
            Assert.Equal($"the host directory of a recorded mount cannot be mounted into a sandbox with a user namespace: {fixture.Zone}/plain", (string?)refused["error"]);
            Assert.StartsWith("ask the operator for a directory on a local filesystem", (string?)refused["hint"], StringComparison.Ordinal);
        }
        finally
        {
            fixture.Daemon.Set("sandbox.user_namespace", "true");
            await fixture.Daemon.KillAndRestartAsync();
            Shell.Bash($"umount {fixture.Zone}/plain");
        }
    }

    // What a command says that holds things until /stop is there.
    private async Task<(string Exec, string Said)> HoldAsync(TestSandbox sandbox, string command)
    {
        string exec = await sandbox.StartAsync(command);
        string said = "";
        await Poll.UntilAsync(
            async () => (said = (await Client.ExecOfAsync(sandbox.Id, exec)).Stdout).EndsWith('\n'), 60, () => $"{command} says nothing");
        return (exec, said.Trim());
    }

    private static async Task<uint> OwnerOfNamespaceAsync(TestSandbox sandbox)
    {
        using SafeFileHandle users = Files.Open($"/proc/{await ProcessInAsync(sandbox)}/ns/user", OpenFlags.ReadOnly);
        return UserNamespace.OwnerOf(users);
    }

    // A process of the sandbox, by its number outside.
    private static async Task<string> ProcessInAsync(TestSandbox sandbox)
    {
        await sandbox.StartAsync($"sleep 4713; : {sandbox.Id}");
        string[] found = [];
        await Poll.UntilAsync(
            () => Task.FromResult((found = Shell.Bash($"pgrep -f 'sleep 4713; : {sandbox.Id}$' || true").Split('\n', StringSplitOptions.RemoveEmptyEntries)).Length > 0),
            60,
            () => "no process 'sleep 4713'");
        return found[^1];
    }

    private static async Task<bool> HasOwnAsync(TestSandbox sandbox) => (bool)(await sandbox.ViewAsync())["isolation"]!["user_namespace"]!["own"]!;

    // As the host sees it.
    private static async Task<string> OwnerOfProcessAsync(string command)
    {
        string owner = "";
        await Poll.UntilAsync(
            () =>
            {
                owner = Shell.Bash(
                    string.Create(CultureInfo.InvariantCulture, $"for p in $(pgrep -fx '{command}'); do awk '/^Uid:/ {{u=$2}} /^Gid:/ {{print u, $2}}' /proc/$p/status; done")).Trim();
                return Task.FromResult(owner.Length > 0);
            },
            60,
            () => $"no process '{command}'");
        return owner;
    }
}
