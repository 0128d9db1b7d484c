using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What systemd hears of a daemon, and the reload that it asks for.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ServiceManagerTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_phases_of_the_start_the_figures_and_the_end_are_told_and_the_watchdog_is_served()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        using NotifySocket systemd = new(daemon, watchdogSeconds: 2);
        await daemon.StartAsync();

        await systemd.UntilAsync(m => m.Any(x => x.StartsWith("READY=1|", StringComparison.Ordinal)), 10, "not ready");
        string[] before = [.. systemd.Messages.TakeWhile(m => !m.StartsWith("READY=1", StringComparison.Ordinal))];
        Assert.Equal(
            [
                "STATUS=reading the configuration", "STATUS=starting: taking the data directory and the sockets", "STATUS=starting: opening the database",
                "STATUS=starting: reaching containerd", "STATUS=starting: opening the layer store",
                "STATUS=starting: opening the network of the sandboxes", "STATUS=starting: looking after sandboxes that run already",
            ],
            before);
        Assert.Contains($"READY=1|STATUS=serving on {daemon.Address}; 0 sandboxes, 0 running commands", systemd.Messages);
        await systemd.UntilAsync(_ => systemd.Beats > 3, 10, "no sign of life");

        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using TestImages images = new(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        string exec = await client.StartAsync(sandbox, "sleep 100");
        await systemd.StatusAsync($"serving on {daemon.Address}; 1 sandbox, 1 running command");
        await client.CancelAsync(sandbox, exec);
        await client.DeleteAsync(sandbox);

        Assert.Equal(0, await daemon.TerminateAsync());
        Assert.Contains("STOPPING=1|STATUS=waiting for requests under way", systemd.Messages);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_reload_puts_what_it_can_in_force_and_names_the_rest()
    {
        await using TestDaemon daemon = new(("pool.size", "1"), ("log.level", "warning"));
        using NotifySocket systemd = new(daemon);
        await daemon.StartAsync();
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        using TestImages images = new(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string old = await client.NewAsync(image);

        foreach ((string key, string value) in (IEnumerable<(string, string)>)
            [
                ("pool.size", "3"), ("log.level", "info"), ("limits.sandboxes_per_session", "2"), ("limits.snapshots_per_sandbox", "1"),
                ("sandbox.memory_mb", "99"), ("sandbox.cpus", "0.5"), ("memory.auto_grow", "false"), ("memory.max_mb", "120"), ("exec.max_running_per_sandbox", "1"),
                ("exec.default_timeout_seconds", "1"), ("exec.max_wait_seconds", "1"), ("exec.spool_max_bytes", "64KiB"), ("exec.kill_grace_seconds", "0"),
                ("http.api_key", "very-secret"), ("sandbox.durability", "relaxed"), ("http.listen", "127.0.0.1:1"), ("data_dir", "/elsewhere"),
            ])
        {
            daemon.Set(key, value);
        }

        int told = systemd.Messages.Count;
        await HangUpAsync(daemon);

        await systemd.UntilAsync(m => m.Skip(told).Any(x => x.StartsWith("READY=1", StringComparison.Ordinal)), 10, "no READY after the reload");
        string[] after = [.. systemd.Messages.Skip(told).Where(m => m.Contains('=', StringComparison.Ordinal) && !m.StartsWith("STATUS", StringComparison.Ordinal))];
        Assert.StartsWith("RELOADING=1|MONOTONIC_USEC=", after[0], StringComparison.Ordinal);
        Assert.StartsWith("READY=1|STATUS=serving on ", after[1], StringComparison.Ordinal);
        JsonObject configuration = (await administrator.SendAsync("GET", "/admin/status", null, 200))["configuration"]!.AsObject();
        Assert.Equal("""["data_dir","http.listen"]""", configuration["restart_needed"]!.ToJsonString());
        Assert.Null(configuration["refused"]);
        await LoggedAsync(daemon, "these need a restart: data_dir, http.listen");
        Assert.DoesNotContain("very-secret", await File.ReadAllTextAsync(daemon.LogFile), StringComparison.Ordinal);

        await Poll.UntilAsync(
            async () => (int)(await administrator.SendAsync("GET", "/admin/pool", null, 200))["available"]! == 3, 30, () => "the pool did not grow");
        Assert.Equal(401, (await client.CallAsync("POST", "/sessions/token")).Status);
        string young = await client.NewAsync(image);
        JsonObject made = await client.GetAsync(young);
        Assert.Equal((99, 120, 0.5, false), ((int)made["memory_limit_mb"]!, (int)made["memory_ceiling_mb"]!, (double)made["cpus"]!, (bool)made["auto_expand_memory"]!));
        Assert.Equal(429, (await client.CallAsync("POST", "/sandboxes", new JsonObject { ["image"] = image })).Status);
        await client.SnapshotAsync(young);
        Assert.Equal(429, (await client.CallAsync("POST", $"/sandboxes/{young}/snapshots")).Status);

        // The sandbox of before the reload keeps its own limits; its new commands follow the new rules.
        Assert.Equal(256, (int)(await client.GetAsync(old))["memory_limit_mb"]!);
        long begin = Stopwatch.GetTimestamp();
        string exec = await client.StartAsync(old, "trap '' TERM; sleep 60; sleep 60");
        Assert.Equal(429, (await client.CallAsync("POST", $"/sandboxes/{old}/exec", new JsonObject { ["command"] = "true" })).Status);
        ExecReply ended = await client.FinalAsync(old, exec, 20);
        Assert.Equal("command timed out after 1s and was stopped", ended.Error);
        Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(10), "the grace time of before the reload was waited for");
        ExecReply much = await client.ExecAsync(old, "head -c 300000 /dev/zero");
        Assert.Equal(64 * 1024, (await client.OutputAsync(old, much.Id)).Length);
        await Task.WhenAll(client.DeleteAsync(old), client.DeleteAsync(young));

        daemon.Set("data_dir", daemon.DataDir);
        daemon.Set("http.listen", daemon.Address.ToString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_bad_configuration_changes_nothing_and_says_so_until_it_is_mended()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        using NotifySocket systemd = new(daemon);
        await daemon.StartAsync();
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        daemon.Set("limits.sandboxes_per_session", "1");
        daemon.Set("http.listn", "x");
        daemon.Set("pool.size", "-1");

        await HangUpAsync(daemon);

        await systemd.StatusAsync("and 1 more; the old configuration is in force; serving on ");
        Assert.StartsWith($"reload refused: {daemon.ConfigFile}:", systemd.Status, StringComparison.Ordinal);
        await LoggedAsync(daemon, "there is no key http.listn; the nearest is http.listen");
        await LoggedAsync(daemon, "pool.size is -1, must be a whole number from 0 to 1000");
        JsonObject status = await administrator.SendAsync("GET", "/admin/status", null, 200);
        Assert.StartsWith("reload refused: ", (string?)status["configuration"]!["refused"], StringComparison.Ordinal);
        JsonObject refused = await administrator.SendAsync("POST", "/admin/config/reload", null, 400);
        Assert.Equal(("configuration_refused", 2), ((string)refused["code"]!, refused["details"]!["errors"]!.AsArray().Count));
        Assert.Contains("\"limits.sandboxes_per_session\",\"value\":\"0\"", (await administrator.SendAsync("GET", "/admin/config", null, 200)).ToJsonString(), StringComparison.Ordinal);

        daemon.Unset("http.listn");
        daemon.Set("pool.size", "0");
        JsonObject mended = await administrator.SendAsync("POST", "/admin/config/reload", null, 200);

        Assert.Equal("""{"changed":["limits.sandboxes_per_session"],"restart_needed":[]}""", mended.ToJsonString());
        await systemd.UntilAsync(_ => systemd.Status.StartsWith("serving on ", StringComparison.Ordinal), 10, "the refusal is still shown");
    }

    // Lines are written behind the daemon's back, a moment later.
    private static Task LoggedAsync(TestDaemon daemon, string text) => Poll.UntilAsync(
        async () => (await File.ReadAllTextAsync(daemon.LogFile)).Contains(text, StringComparison.Ordinal), 10, () => $"'{text}' is not in the log: {daemon.LogTail}");

    private static async Task HangUpAsync(TestDaemon daemon) => await ToolRunner.RunAsync("kill", "-HUP", $"{daemon.Pid}");
}
