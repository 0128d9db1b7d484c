using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Memory over HTTP against a real daemon, on hosts with and without the memory controller of cgroup v2.</summary>
[Collection(DaemonCollection.Name)]
public sealed class MemoryTests(DaemonFixture fixture)
{
    // dd reads into one buffer of that size, so every page of it is touched.
    private const string Take300 = "dd if=/dev/zero of=/dev/null bs=300M count=1 2> /dev/null && echo fits";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("G5", Part = "a target by hand")]
    public async Task A_limit_raised_by_hand_holds_at_once_and_after_a_restart_and_a_smaller_one_is_refused()
    {
        await using TestSandbox sandbox = await FixedAsync(64);
        string bystander = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.1; done; exit 6");
        Assert.NotEqual("fits\n", (await sandbox.ExecAsync(Take300)).Stdout);

        JsonObject raised = await ExpandAsync(sandbox, new JsonObject { ["target_mb"] = 512 }, 200);

        Assert.Equal("fits\n", await sandbox.RunAsync(Take300));
        Assert.Equal((true, 64, 512), ((bool)raised["triggered"]!, (int)raised["from_mb"]!, (int)raised["to_mb"]!));
        Assert.StartsWith("memory expanded by agent decision", (string)raised["reason"]!, StringComparison.Ordinal);
        Assert.Equal(512, (int)(await fixture.Client.GetAsync(sandbox.Id))["memory_limit_mb"]!);
        JsonObject smaller = await ExpandAsync(sandbox, new JsonObject { ["target_mb"] = 512 }, 400);
        Assert.Equal(
            ("target_not_above_current", "target_mb 512 is not above the current limit 512 MB", 512, 512),
            ((string)smaller["code"]!, (string)smaller["error"]!, (int)smaller["details"]!["target_mb"]!, (int)smaller["details"]!["current_mb"]!));

        await fixture.Daemon.KillAndRestartAsync();

        Assert.Equal(512, (int)(await fixture.Client.GetAsync(sandbox.Id))["memory_limit_mb"]!);
        Assert.Equal("fits\n", await sandbox.RunAsync(Take300));
        await sandbox.RunAsync("touch /stop");
        Assert.Equal(6, (await sandbox.FinalAsync(bystander)).ExitCode);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("G5", Part = "cases 4 and 5, growth")]
    public async Task An_automatic_step_doubles_the_limit_and_stops_at_the_ceiling_with_the_contracts_sentence()
    {
        await using TestSandbox sandbox = await FixedAsync(64, ceilingMb: 192);

        JsonObject[] steps =
        [
            await ExpandAsync(sandbox, new JsonObject { ["auto_expand"] = true }, 200),
            await ExpandAsync(sandbox, new JsonObject { ["auto_expand"] = true }, 200),
            await ExpandAsync(sandbox, new JsonObject { ["auto_expand"] = true }, 200),
        ];
        JsonObject beyond = await ExpandAsync(sandbox, new JsonObject { ["target_mb"] = 4096 }, 200);

        Assert.Equal([(true, 64, 128), (true, 128, 192), (false, 192, 192)], steps.Select(s => ((bool)s["triggered"]!, (int)s["from_mb"]!, (int)s["to_mb"]!)));
        Assert.Equal("already at-or-above configured ceiling (192 MB); current=192 MB", (string?)steps[2]["reason"]);
        Assert.Equal((false, true, "target memory is not greater than current limit"), ((bool)beyond["triggered"]!, (bool)beyond["clamped"]!, (string)beyond["reason"]!));
        JsonArray growth = (await PressureAsync(sandbox))["growth"]!.AsArray();
        Assert.Equal(
            [(192, 192, false), (192, 192, false), (128, 192, true), (64, 128, true)],
            growth.Select(g => ((int)g!["from_mb"]!, (int)g["to_mb"]!, (bool)g["granted"]!)));
        Assert.All(growth, g => Assert.Equal("manual", (string?)g!["trigger"]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_a_sandbox_holds_is_seen_and_near_its_limit_it_is_said()
    {
        await using TestSandbox sandbox = await FixedAsync(128);
        JsonObject calm = await PressureAsync(sandbox);
        Assert.Equal((false, 128, 128L << 20, 128L << 20), ((bool)calm["near_limit"]!, (int)calm["current_limit_mb"]!, (long)calm["limit_bytes"]!, (long)calm["max_bytes"]!));
        Assert.False(calm.ContainsKey("high_bytes"));
        Assert.NotNull((string?)calm["growth_unavailable"]);

        // tail keeps the last 115 MB until its input ends.
        string holder = await sandbox.StartAsync("(head -c 115000000 /dev/zero; while [ ! -e /stop ]; do sleep 0.1; done) | tail -c 115000000 > /dev/null");
        JsonObject near = calm;
        await Poll.UntilAsync(async () => (bool)(near = await PressureAsync(sandbox))["near_limit"]!, 30, () => near.ToJsonString());

        Assert.Matches(@"memory usage (8[5-9]|9[0-9]|100)\.[0-9][0-9]% exceeded threshold 85\.00%", (string)near["reason"]!);
        Assert.True((long)near["working_set_bytes"]! > 108_000_000, near.ToJsonString());
        await sandbox.RunAsync("touch /stop");
        await sandbox.FinalAsync(holder);
        await Poll.UntilAsync(async () => !(bool)(near = await PressureAsync(sandbox))["near_limit"]!, 30, () => near.ToJsonString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_rollback_with_auto_expand_grows_behind_it_and_events_and_metrics_tell()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(
            await fixture.Images.HaveAsync(TestImages.Busybox), new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false });
        string snapshot = await client.SnapshotAsync(box);
        double before = await MetricAsync("sleigh_memory_growth_total{trigger=\"manual\",granted=\"true\"}");

        JsonObject back = await client.SendAsync("POST", $"/sandboxes/{box}/rollback", new JsonObject { ["snapshot_id"] = snapshot, ["auto_expand"] = true }, 200);

        Assert.Equal((snapshot, 128), ((string)back["rolled_back_to"]!, (int)back["memory_limit_mb"]!));
        Assert.Equal((true, 64, 128), ((bool)back["memory_growth"]!["triggered"]!, (int)back["memory_growth"]!["from_mb"]!, (int)back["memory_growth"]!["to_mb"]!));
        Assert.Equal(before + 1, await MetricAsync("sleigh_memory_growth_total{trigger=\"manual\",granted=\"true\"}"));
        using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events?last_event_id=0&types=memory.", null);
        StreamEvent grown = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        Assert.Equal(
            ("memory.grown", 64, 128, true, "manual"),
            (grown.Type, (int)grown.Data["data"]!["from_mb"]!, (int)grown.Data["data"]!["to_mb"]!, (bool)grown.Data["data"]!["granted"]!, (string)grown.Data["data"]!["trigger"]!));
        await client.DeleteAsync(box);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_administrator_sees_the_ledger_and_reads_why()
    {
        await using TestSandbox sandbox = await FixedAsync(64);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);

        JsonObject all = await administrator.SendAsync("GET", "/admin/memory", null, 200);
        JsonObject one = await administrator.SendAsync("GET", $"/admin/memory/{sandbox.Id}", null, 200);
        JsonObject why = await administrator.SendAsync("GET", $"/admin/memory/{sandbox.Id}/explain", null, 200);

        JsonObject ledger = all["ledger"]!.AsObject();
        Assert.Equal((long)ledger["total_bytes"]! - (long)ledger["reserve_bytes"]!, (long)ledger["budget_bytes"]!);
        Assert.InRange((long)ledger["room_bytes"]!, 0, (long)ledger["budget_bytes"]!);
        Assert.InRange((long)ledger["limits_bytes"]!, 64L << 20, long.MaxValue);
        Assert.NotEqual("", (string?)all["signals"]);
        JsonObject row = Assert.Single(all["items"]!.AsArray(), i => (string?)i!["sandbox_id"] == sandbox.Id)!.AsObject();
        Assert.Equal((64, 64L << 20), ((int)row["limit_mb"]!, (long)row["wall_bytes"]!));
        Assert.True((long)row["usage_bytes"]! > 0);
        Assert.Equal(sandbox.Id, (string?)one["sandbox_id"]);
        Assert.StartsWith("No: ", (string)why["answers"]![0]!["answer"]!, StringComparison.Ordinal);
        Assert.Equal("It has not grown: its limit is the 64 MB it was started with.", (string?)why["answers"]![1]!["answer"]);
        Assert.Equal("Nothing was refused.", (string?)why["answers"]![2]!["answer"]);
    }

    private async Task<TestSandbox> FixedAsync(int limitMb, int? ceilingMb = null)
    {
        JsonObject more = new() { ["memory_limit_mb"] = limitMb, ["auto_expand_memory"] = false };
        if (ceilingMb is int ceiling)
        {
            more["memory_ceiling_mb"] = ceiling;
        }

        return await fixture.SandboxAsync(TestImages.Busybox, more);
    }

    private Task<JsonObject> ExpandAsync(TestSandbox sandbox, JsonObject body, int status) =>
        fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/memory/expand", body, status);

    private Task<JsonObject> PressureAsync(TestSandbox sandbox) => fixture.Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/memory/pressure", null, 200);

    private async Task<double> MetricAsync(string series)
    {
        using HttpResponseMessage reply = await fixture.Client.RawAsync("GET", "/metrics");
        string text = await reply.Content.ReadAsStringAsync();
        string line = Assert.Single(text.Split('\n'), l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
