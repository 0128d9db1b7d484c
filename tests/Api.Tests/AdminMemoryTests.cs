using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Tests;

/// <summary><c>/admin/memory</c> and what is under it.</summary>
public sealed class AdminMemoryTests
{
    private const string Host =
        """ "time":"2026-01-05T09:00:01.120Z","ledger":{"total_bytes":64000,"available_bytes":48000,"reserve_bytes":6400,"budget_bytes":57600,"limits_bytes":30000,"promised_bytes":20000,"used_bytes":15000,"reclaimable_bytes":3000,"room_bytes":37600,"room_reason":"the budget of the host"},"signals":"25 ms of stall in 500 ms" """;

    private static string Ledger => Host.Trim();

    [Fact]
    public async Task The_ledger_and_a_row_for_each_sandbox_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (Sandbox full, Sandbox exited) = await TwoAsync(api);
        api.Memory.Shape = m => m.Sandbox.Id == full.Id ? Full(m) : m;
        api.Socket = true;

        Answer answer = await api.SendAsync("GET", "/admin/memory");

        Assert.Equal(
            $$"""{{{Ledger}},"items":["""
            + $$"""{"sandbox_id":"{{full.Id}}","name":"box","session_id":"{{full.Session}}","status":"running","priority":7,"start_mb":256,"limit_mb":256,"brake_bytes":268435456,"wall_bytes":402653184,"ceiling_bytes":60397977600,"usage_bytes":900,"working_set_bytes":800,"promised_bytes":950,"stall_some_avg10":0.25,"cpu_throttled_share":0.5,"growth_unavailable":"off","waiting":true,"squeezed":true},"""
            + $$"""{"sandbox_id":"{{exited.Id}}","session_id":"{{exited.Session}}","status":"exited","priority":0,"start_mb":256,"limit_mb":256,"wall_bytes":268435456,"ceiling_bytes":60397977600,"promised_bytes":0}]}""",
            answer.Body);
        api.Memory.Host = api.Memory.Host with { Unavailable = "no controller" };
        Assert.Equal("no controller", (await api.SendAsync("GET", "/admin/memory")).Root.GetProperty("ledger").GetProperty("growth_unavailable").GetString());
    }

    [Fact]
    public async Task One_sandbox_with_every_decision_that_is_kept()
    {
        await using TestApi api = await TestApi.StartAsync();
        (Sandbox full, Sandbox exited) = await TwoAsync(api);
        api.Memory.Shape = m => m.Sandbox.Id == full.Id ? Full(m) : m;
        api.Socket = true;

        Answer answer = await api.SendAsync("GET", $"/admin/memory/{full.Id}");

        Assert.Equal(30, answer.Root.GetProperty("decisions").GetArrayLength());
        Assert.Equal("memory stall 10.00% exceeded threshold 10.00%", (await StalledAsync()).Text("near_limit"));
        Assert.Contains(
            $$""" "psi":{"some_avg10":0.25,"full_avg10":0,"some_total_usec":0,"full_total_usec":0},"events":{"high":1,"max":2,"oom":3,"oom_kill":4},{{Ledger}},"decisions":[{""".TrimStart(),
            answer.Body,
            StringComparison.Ordinal);
        Answer off = await api.SendAsync("GET", $"/admin/memory/{exited.Id}");
        Assert.Equal("container not running; start sandbox to collect live pressure", off.Text("near_limit"));
        Assert.DoesNotContain("psi", off.Names);
        (await api.SendAsync("GET", "/admin/memory/sbx_00000000ffff")).Is(404, "not_found", "resource not found: sandbox sbx_00000000ffff");
        (await api.SendAsync("GET", "/admin/memory/x")).Is(404, "not_found", "resource not found: sandbox x");

        Task<Answer> StalledAsync()
        {
            api.Memory.Shape = m => m.Sandbox.Id == full.Id ? Full(m) with { Pressure = new Pressure(new StallFigures(10, 0, 0, default), default) } : m;
            return api.SendAsync("GET", $"/admin/memory/{full.Id}");
        }
    }

    [Fact]
    public async Task An_explanation_is_questions_with_answers()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string _, string id) = await api.SandboxAsync();
        api.Inspection.Pressure = 0;
        api.Memory.Shape = m => m with { Pressure = default(Pressure), GrowthOff = "automatic growth is off for this sandbox" };
        api.Socket = true;

        Assert.Equal(
            $$"""{"sandbox_id":"{{id}}","answers":[{"question":"Does its limit grow by itself?","answer":"No: automatic growth is off for this sandbox. Its limit is 256 MB."},{"question":"Why did it grow?","answer":"It has not grown: its limit is the 256 MB it was started with."},{"question":"Why was it refused more?","answer":"Nothing was refused."},{"question":"Why is it slow?","answer":"Nothing that Sleigh limits slows it."}]}""",
            (await api.SendAsync("GET", $"/admin/memory/{id}/explain")).Body);
        (await api.SendAsync("GET", "/admin/memory/sbx_00000000ffff/explain")).Is(404, "not_found", "resource not found: sandbox sbx_00000000ffff");
    }

    [Theory]
    [InlineData("/admin/memory")]
    [InlineData("/admin/memory/sbx_00000000abcd")]
    [InlineData("/admin/memory/sbx_00000000abcd/explain")]
    public async Task Over_TCP_these_paths_do_not_exist(string path)
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync("GET", path, null, api.Token())).Is(404, "route_not_found");
    }

    private static async Task<(Sandbox Full, Sandbox Exited)> TwoAsync(TestApi api)
    {
        string token = api.Token();
        string first = (await api.SendAsync("POST", "/sandboxes", """{"name":"box","labels":{"sleigh.priority":"7"}}""", token)).Text("sandbox_id");
        Sandbox full = api.Sandboxes.Find(SandboxId.Parse(first))!;
        (string _, string second) = await api.SandboxAsync();
        Sandbox exited = api.Sandboxes.Find(SandboxId.Parse(second))! with { Status = SandboxStatus.Exited, Created = full.Created.AddSeconds(1) };
        api.Sandboxes.Put(exited);
        return (full, exited);
    }

    private static SandboxMemory Full(SandboxMemory memory) => memory with
    {
        BrakeBytes = 268435456, WallBytes = 402653184, UsageBytes = 900, WorkingSetBytes = 800, PromisedBytes = 950,
        Pressure = new Pressure(new StallFigures(0.25, 0, 0, default), default), CpuThrottledShare = 0.5, GrowthOff = "off", IsWaiting = true,
        IsSqueezed = true, Events = new MemoryEvents(0, 1, 2, 3, 4, 0),
        Decisions = [.. Enumerable.Range(0, 30).Select(i => new MemoryRecord
        {
            Time = DateTimeOffset.UnixEpoch, Action = MemoryAction.Grown, Trigger = GrowthTrigger.High, FromMb = i, ToMb = i + 1, Reason = "r",
        })],
    };
}
