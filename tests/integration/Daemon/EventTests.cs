using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Events, the end of sessions, and what the administrator sees, against a real daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class EventTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.InitBinary)]
    public async Task A_whole_scenario_is_told_in_order_and_once()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox), new JsonObject { ["name"] = "told" });
        ExecReply failed = await client.ExecAsync(box, "exit 3");
        string snapshot = await client.SnapshotAsync(box);
        string sleeping = await client.StartAsync(box, "sleep 600");
        await client.RollbackAsync(box, snapshot);
        string[] forks = await client.ForkAsync(box, 1, snapshot);
        await client.DeleteAsync(forks[0]);
        await client.SendAsync("DELETE", $"/sandboxes/{box}/snapshots/{snapshot}", null, 204);
        await client.DeleteAsync(box);

        using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events?last_event_id=0", null);
        List<StreamEvent> all = [];
        while (all.Count == 0 || all[^1].Type != "sandbox.deleted" || (string?)all[^1].Data["sandbox_id"] != box)
        {
            all.Add(await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended"));
        }

        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => $"{n}"), all.Select(e => e.Id));
        string[] told = [.. all.Where(e => e.Type != "snapshot.durable").Select(e => $"{e.Type} {(string?)e.Data["sandbox_id"] == box}")];
        Assert.Equal(
            [
                "sandbox.created True", "sandbox.started True", "exec.started True", "exec.finished True", "snapshot.created True", "exec.started True",
                "sandbox.rolled_back True", "exec.finished True", "sandbox.created False", "sandbox.started False", "sandbox.deleted False",
                "snapshot.deleted True", "sandbox.deleted True",
            ],
            told);
        Assert.Single(all, e => e.Type == "snapshot.durable");
        StreamEvent[] ends = [.. all.Where(e => e.Type == "exec.finished")];
        Assert.Equal((failed.Id, 3, "failed"), ((string)ends[0].Data["exec_id"]!, (int)ends[0].Data["data"]!["exit_code"]!, (string)ends[0].Data["data"]!["status"]!));
        Assert.Equal((sleeping, "sandbox was rolled back while the command was running"), ((string)ends[1].Data["exec_id"]!, (string)ends[1].Data["data"]!["error"]!));
        Assert.Equal("told", (string?)all[0].Data["data"]!["name"]);
        Assert.All(all, e => Assert.Equal(client.SessionId, (string?)e.Data["session_id"]));
        Assert.DoesNotContain(client.Token!, string.Concat(all.Select(e => e.Data.ToJsonString())), StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("O1", Part = "over a restart")]
    public async Task A_reader_comes_back_over_kill_and_restart_and_misses_nothing_and_gets_nothing_twice()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        List<StreamEvent> seen = [];
        List<string> execs = [];
        for (int round = 0; round < 3; round++)
        {
            string? last = seen.Count == 0 ? "0" : seen[^1].Id;
            using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events?types=exec.", last);
            for (int i = 0; i < 5; i++)
            {
                execs.Add((await client.ExecAsync(box, "true")).Id);
            }

            // This one ends while no daemon is there.
            execs.Add(await client.StartAsync(box, "sleep 0.3"));
            while (seen.Count(e => e.Type == "exec.started") < execs.Count)
            {
                seen.Add(await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended"));
            }

            await fixture.Daemon.KillAsync();
            await Task.Delay(600);
            await fixture.Daemon.StartAsync();
        }

        using EventStream rest = await EventStream.OpenAsync(fixture.Daemon, client, "/events?types=exec.", seen[^1].Id);
        while (seen.Count(e => e.Type == "exec.finished") < execs.Count)
        {
            seen.Add(await rest.NextAsync() ?? throw new InvalidOperationException("the stream ended"));
        }

        Assert.Equal(execs, Of("exec.started"));
        Assert.Equal(execs.Order(), Of("exec.finished").Order());
        Assert.All(seen.Where(e => e.Type == "exec.finished"), e => Assert.Equal("succeeded", (string?)e.Data["data"]!["status"]));
        long[] ids = [.. seen.Select(e => long.Parse(e.Id, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(ids.Order().Distinct(), ids);
        await client.DeleteAsync(box);

        string[] Of(string type) => [.. seen.Where(e => e.Type == type).Select(e => (string)e.Data["exec_id"]!)];
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("S6", Part = "by token")]
    public async Task A_deleted_session_leaves_no_sandbox_snapshot_command_or_file()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient other = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        string kept = await other.NewAsync(image);
        string[] boxes = [await client.NewAsync(image), await client.NewAsync(image)];
        await client.SnapshotAsync(boxes[0]);
        string running = await client.StartAsync(boxes[1], "echo output; sleep 600");
        using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events", null);
        JsonObject place = (JsonObject)(await administrator.SendAsync("GET", $"/admin/sandboxes/{boxes[1]}", null, 200))["host"]!;
        Assert.True(Directory.Exists((string)place["cgroup"]!));
        Assert.True(Directory.Exists($"/proc/{(int)place["pid"]!}"));

        Assert.Equal(403, (await client.CallAsync("DELETE", $"/sessions/{other.SessionId}")).Status);
        await client.SendAsync("DELETE", $"/sessions/{client.Token}", null, 204);

        Assert.Equal(("stream.end", "revoked"), await NextAsync(stream));
        Assert.Equal(401, (await client.CallAsync("GET", "/sandboxes")).Status);
        Assert.Equal(401, (await client.CallAsync("DELETE", $"/sessions/{client.SessionId}")).Status);
        foreach (string box in boxes)
        {
            Assert.Equal(404, (await administrator.CallAsync("GET", $"/sandboxes/{box}")).Status);
        }

        JsonObject execs = await administrator.SendAsync("GET", $"/admin/execs?session_id={client.SessionId}", null, 200);
        Assert.Empty(execs["items"]!.AsArray());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(fixture.Daemon.DataDir, "execs"), $"*{running[5..]}*", SearchOption.AllDirectories));
        await Poll.UntilAsync(
            () => Task.FromResult(!Directory.Exists((string)place["cgroup"]!)), 60, () => $"{place["cgroup"]} is still there");
        Assert.Equal("0\n", await other.RunAsync(kept, "echo $?"));
        Assert.Equal(404, (await administrator.CallAsync("DELETE", $"/sessions/{client.SessionId}")).Status);
        await administrator.SendAsync("DELETE", $"/sessions/{other.SessionId}", null, 204);
        Assert.Equal(404, (await administrator.CallAsync("GET", $"/sandboxes/{kept}")).Status);
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("S6", Part = "by id, over a crash")]
    public async Task A_session_whose_deletion_a_crash_cuts_off_is_gone_after_the_next_start()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string[] boxes = [await client.NewAsync(image), await client.NewAsync(image), await client.NewAsync(image)];
        Task deleting = client.CallAsync("DELETE", $"/sessions/{client.SessionId}");
        await Task.Delay(3);
        await fixture.Daemon.KillAsync();
        await ((Task)deleting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await fixture.Daemon.StartAsync();

        // Either it had begun, and then it ends; or it had not, and then nothing is lost.
        if ((await client.CallAsync("GET", "/sandboxes")).Status == 200)
        {
            Assert.Equal(3, (await client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray().Count);
            await client.SendAsync("DELETE", $"/sessions/{client.SessionId}", null, 204);
        }

        foreach (string box in boxes)
        {
            await Poll.UntilAsync(
                async () => (await administrator.CallAsync("GET", $"/sandboxes/{box}")).Status == 404, 60, () => $"{box} is still there");
        }
    }

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task Top_shows_the_load_of_a_sandbox()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox), new JsonObject { ["memory_limit_mb"] = 200 });
        JsonObject idle = await OfAsync(administrator, box);
        await client.StartAsync(box, "dd if=/dev/zero of=/dev/shm/x bs=1M count=40 2>/dev/null; sleep 600 & while :; do :; done");
        await Task.Delay(1500);
        JsonObject first = await OfAsync(administrator, box);
        long begin = Stopwatch.GetTimestamp();
        await Task.Delay(2000);
        JsonObject second = await OfAsync(administrator, box);
        double share = ((long)second["cpu_usec"]! - (long)first["cpu_usec"]!) / Stopwatch.GetElapsedTime(begin).TotalMicroseconds;

        Assert.Equal((200L << 20, 1, "running"), ((long)second["memory_limit_bytes"]!, (int)second["running_execs"]!, (string)second["status"]!));

        // The machine may be busy with other things; but one loop cannot use more than one core.
        Assert.InRange(share, 0.05, 1.1);
        Assert.True((long)second["pids"]! > (long)idle["pids"]!, $"{idle} {second}");
        long grown = (long)second["memory_used_bytes"]! - (long)idle["memory_used_bytes"]!;
        Assert.InRange(grown, 38L << 20, 60L << 20);
        Assert.InRange((long)second["working_set_bytes"]!, 38L << 20, (long)second["memory_used_bytes"]!);
        await client.DeleteAsync(box);
    }

    private static async Task<JsonObject> OfAsync(DaemonClient administrator, string box) =>
        (JsonObject)(await administrator.SendAsync("GET", "/admin/top", null, 200))["items"]!.AsArray().Single(i => (string?)i!["sandbox_id"] == box)!;

    private static async Task<(string, string?)> NextAsync(EventStream stream)
    {
        StreamEvent next = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        return (next.Type, (string?)next.Data["data"]!["reason"]);
    }
}
