using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What a sandbox reads about its machine is its own limits, not the host's.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ProcTests(DaemonFixture fixture)
{
    private const string Total = "sed -n 's/^MemTotal: *//p' /proc/meminfo";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_memory_there_is_is_the_limit_and_follows_it()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 300, ["auto_expand_memory"] = false });
        await using TestSandbox pooled = await fixture.SandboxAsync(TestImages.Busybox);

        Assert.Equal("307200 kB\n", await sandbox.RunAsync(Total));
        Assert.Equal("262144 kB\n", await pooled.RunAsync(Total));

        await fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/memory/expand", new JsonObject { ["target_mb"] = 400 }, 200);

        Assert.Equal("409600 kB\n", await sandbox.RunAsync(Total));
        Assert.Equal("262144 kB\n", await pooled.RunAsync(Total));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Memory_that_a_command_takes_is_missing_from_what_is_free_while_it_runs()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 256, ["auto_expand_memory"] = false });
        const string available = "sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo";
        long before = Number(await sandbox.RunAsync(available));

        string taker = await sandbox.StartAsync("dd if=/dev/zero of=/dev/shm/x bs=1M count=60 2> /dev/null; while [ ! -e /stop ]; do sleep 0.2; done");
        long during = before;
        await Poll.UntilAsync(
            async () => (during = Number(await sandbox.RunAsync(available))) < before - 40_000, 60, () => $"{before} kB before, {during} kB now");
        await sandbox.RunAsync("touch /stop; rm /dev/shm/x");
        await sandbox.FinalAsync(taker);
        await Poll.UntilAsync(async () => Number(await sandbox.RunAsync(available)) > before - 20_000, 60, () => $"{before} kB before, not given back");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Who_may_use_one_cpu_counts_one_cpu_whichever_way_it_is_counted()
    {
        await using TestSandbox one = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["cpus"] = 1 });
        await using TestSandbox all = await fixture.SandboxAsync(TestImages.Busybox);
        const string count = "nproc; grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat; cat /sys/devices/system/cpu/online; grep Cpus_allowed_list /proc/self/status | cut -f2";

        string[] small = (await one.RunAsync(count)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] large = (await all.RunAsync(count)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["1", "1", "1"], small[..3]);
        Assert.True(int.TryParse(small[3], out _), $"'{small[3]}' is not one CPU");
        Assert.Equal(small[3], small[4]);
        string cores = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        Assert.Equal([cores, cores, cores], large[..3]);
        Assert.Equal(large[3], large[4]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_load_and_the_cpu_time_are_the_sandboxs_and_the_starts_of_processes_are_right()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        Assert.Matches(@"^0\.\d\d 0\.\d\d 0\.\d\d 1/\d+ \d+ *\n$", await sandbox.RunAsync("cat /proc/loadavg"));
        string[] cpu = (await sandbox.RunAsync("head -1 /proc/stat")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(Number(cpu[1]) + Number(cpu[3]) < 60 * 100, $"a sandbox that has just begun has used {string.Join(' ', cpu)}");
        Assert.Equal(
            File.ReadLines("/proc/stat").First(line => line.StartsWith("btime ", StringComparison.Ordinal)) + "\n", await sandbox.RunAsync("grep ^btime /proc/stat"));
        Assert.Equal("0\n", await sandbox.RunAsync("tail -n +2 /proc/swaps | wc -l"));

        // The clock of /proc goes on, and a process that has just begun is young by it.
        double age = double.Parse(
            await sandbox.RunAsync("set -- $(cat /proc/self/stat); shift 21; start=$1; read up rest < /proc/uptime; awk \"BEGIN { print $up - $start / 100 }\""),
            CultureInfo.InvariantCulture);
        Assert.InRange(age, -1, 120);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Root_inside_can_neither_write_nor_take_off_what_covers_proc_and_the_view_names_it()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        JsonNode told = (await sandbox.ViewAsync())["isolation"]!["proc"]!;
        string[] files = [.. told["files"]!.AsArray().Select(f => (string)f!)];

        Assert.Equal("generated", (string?)told["source"]);
        Assert.Equal(
            ["/proc/cpuinfo", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/sys/devices/system/cpu/online"],
            files);
        foreach (string file in files)
        {
            string before = await sandbox.RunAsync($"head -1 {file}");
            Assert.NotEqual(0, (await sandbox.ExecAsync($"echo x > {file}")).ExitCode);
            Assert.NotEqual(0, (await sandbox.ExecAsync($"chmod 777 {file}")).ExitCode);
            Assert.NotEqual(0, (await sandbox.ExecAsync($"umount {file} || umount -l {file}")).ExitCode);
            Assert.Equal(before.Split(' ')[0], (await sandbox.RunAsync($"head -1 {file}")).Split(' ')[0]);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Rollback_and_fork_see_their_own_limits_too()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 128, ["cpus"] = 1, ["auto_expand_memory"] = false });
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RollbackAsync(snapshot);
        string[] forks = await fixture.Client.ForkAsync(sandbox.Id, 1);
        await using TestSandbox fork = new(fixture.Client, forks[0]);

        foreach (TestSandbox one in (TestSandbox[])[sandbox, fork])
        {
            Assert.Equal("131072 kB\n1\n", await one.RunAsync($"{Total}; nproc"));
        }
    }

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
