using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 16 and 17.</summary>
public sealed class MemoryTests
{
    private const long MiB = 1024 * 1024;
    private static readonly DateTimeOffset Then = new(2026, 1, 5, 9, 2, 1, 50, TimeSpan.Zero);

    private static readonly MemoryRecord Grown = new()
    {
        Time = Then, Action = MemoryAction.Grown, Trigger = GrowthTrigger.High, FromMb = 256, ToMb = 512, WantedMb = 512, Reason = "brake reached",
        UsageBytes = 260, WorkingSetBytes = 250, WallBytes = 700, SlopeBytesPerSecond = 12.7, StallUsec = 31, RoomBytes = 900, DelayUsec = 2100,
    };

    [Fact]
    [ContractLine("G6", Part = "the reply of the figures")]
    public async Task The_pressure_of_a_running_sandbox_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        MemoryRecord refused = new()
        {
            Time = Then.AddSeconds(2), Action = MemoryAction.Refused, Trigger = GrowthTrigger.Psi, FromMb = 512, ToMb = 512, WantedMb = 768,
            Cause = RefusalCause.HostShort, Reason = "no room", RoomBytes = 5,
        };
        MemoryRecord back = new()
        {
            Time = Then.AddSeconds(1), Action = MemoryAction.GivenBack, FromMb = 600, ToMb = 512, Reason = "no stall", GivenBackBytes = 77,
        };
        api.Memory.Shape = m => m with
        {
            LimitMb = 512, BrakeBytes = 512 * MiB, WallBytes = 704 * MiB, UsageBytes = 301989888, WorkingSetBytes = 222801428,
            Pressure = new Pressure(new StallFigures(0.5, 0, 0, TimeSpan.FromMicroseconds(81234)), new StallFigures(0.25, 0, 0, TimeSpan.FromMicroseconds(17))),
            Events = new MemoryEvents(9, 3, 1, 2, 4, 5), IsWaiting = true, IsSqueezed = true, GrowthOff = "it is off", Decisions = [refused, back, Grown],
        };

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"near_limit":false,"usage_percent":41.5,"current_bytes":301989888,"limit_bytes":536870912,"current_limit_mb":512,"working_set_bytes":222801428,"""
            + """ "psi":{"some_avg10":0.5,"full_avg10":0.25,"some_total_usec":81234,"full_total_usec":17},"events":{"high":3,"max":1,"oom":2,"oom_kill":4},"high_bytes":536870912,"max_bytes":738197504,"ceiling_bytes":60397977600,""".TrimStart()
            + """ "growth":[{"time":"2026-01-05T09:02:03.050Z","from_mb":512,"to_mb":512,"granted":false,"trigger":"psi","reason":"no room"},{"time":"2026-01-05T09:02:01.050Z","from_mb":256,"to_mb":512,"granted":true,"trigger":"high","reason":"brake reached"}],""".TrimStart()
            + """ "growth_unavailable":"it is off","waiting":true,"squeezed":true,"ledger":{"budget_bytes":57600,"promised_bytes":20000,"used_bytes":15000,"room_bytes":37600},"decisions":[""".TrimStart()
            + """{"time":"2026-01-05T09:02:03.050Z","action":"refused","trigger":"psi","from_mb":512,"to_mb":512,"wanted_mb":768,"cause":"host_short","reason":"no room","usage_bytes":0,"working_set_bytes":0,"wall_bytes":0,"slope_bytes_per_second":0,"stall_usec":0,"room_bytes":5},"""
            + """{"time":"2026-01-05T09:02:02.050Z","action":"given_back","from_mb":600,"to_mb":512,"reason":"no stall","usage_bytes":0,"working_set_bytes":0,"wall_bytes":0,"slope_bytes_per_second":0,"stall_usec":0,"room_bytes":0,"given_back_bytes":77},"""
            + """{"time":"2026-01-05T09:02:01.050Z","action":"grown","trigger":"high","from_mb":256,"to_mb":512,"wanted_mb":512,"reason":"brake reached","usage_bytes":260,"working_set_bytes":250,"wall_bytes":700,"slope_bytes_per_second":12,"stall_usec":31,"room_bytes":900,"delay_usec":2100}]}""",
            answer.Body);
    }

    [Fact]
    public async Task Without_a_brake_high_bytes_is_left_out_and_of_many_decisions_the_newest_twenty_are_shown()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        api.Memory.Shape = m => m with
        {
            Decisions = [.. Enumerable.Range(0, 60).Select(i => Grown with { FromMb = i, Action = i % 2 == 0 ? MemoryAction.Grown : MemoryAction.Squeezed })],
        };

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.Equal(
            [
                "near_limit", "usage_percent", "limit_bytes", "current_limit_mb", "working_set_bytes", "psi", "events", "max_bytes", "ceiling_bytes",
                "growth", "ledger", "decisions",
            ],
            answer.Names);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => i * 2), answer.Root.GetProperty("growth").EnumerateArray().Select(e => e.GetProperty("from_mb").GetInt32()));
        Assert.Equal(Enumerable.Range(0, 20), answer.Root.GetProperty("decisions").EnumerateArray().Select(e => e.GetProperty("from_mb").GetInt32()));
    }

    [Fact]
    [ContractLine("G6", Part = "not running")]
    public async Task A_sandbox_that_does_not_run_has_zeros_its_limits_and_its_growth()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        api.Sandboxes.Put(api.Sandboxes.Find(SandboxId.Parse(id))! with { Status = SandboxStatus.Exited });
        api.Memory.Shape = m => m with { Decisions = [Grown] };

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.StartsWith(
            """{"near_limit":false,"usage_percent":0,"limit_bytes":268435456,"current_limit_mb":256,"reason":"container not running; start sandbox to collect live pressure","working_set_bytes":0,"psi":{"some_avg10":0,"full_avg10":0,"some_total_usec":0,"full_total_usec":0},"events":{"high":0,"max":0,"oom":0,"oom_kill":0},"max_bytes":268435456,"ceiling_bytes":60397977600,"growth":[{"time":"2026-01-05T09:02:01.050Z","from_mb":256,"to_mb":512,"granted":true,"trigger":"high","reason":"brake reached"}],""",
            answer.Body,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(91.2, 0.0, true, "memory usage 91.20% exceeded threshold 85.00%")]
    [InlineData(85.0, 0.0, true, "memory usage 85.00% exceeded threshold 85.00%")]
    [InlineData(84.9, 0.0, false, null)]
    [InlineData(10.0, 12.3, true, "memory stall 12.30% exceeded threshold 10.00%")]
    [InlineData(10.0, 10.0, true, "memory stall 10.00% exceeded threshold 10.00%")]
    [InlineData(10.0, 9.99, false, null)]
    [InlineData(91.2, 12.3, true, "memory usage 91.20% exceeded threshold 85.00%; memory stall 12.30% exceeded threshold 10.00%")]
    public async Task Near_the_limit_by_usage_or_by_stall(double usage, double stall, bool near, string? reason)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        api.Memory.Shape = m => m with
        {
            UsageBytes = 256 * MiB, WorkingSetBytes = (long)Math.Ceiling(256 * MiB * usage / 100), Pressure = new Pressure(new StallFigures(stall, 0, 0, default), default),
        };

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.Equal(near, answer.Root.GetProperty("near_limit").GetBoolean());
        Assert.Equal(usage, answer.Root.GetProperty("usage_percent").GetDouble());
        Assert.Equal(reason, answer.Root.TryGetProperty("reason", out var text) ? text.GetString() : null);
    }

    [Fact]
    public async Task The_threshold_of_stall_is_a_setting_and_without_the_controller_usage_decides()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Memory = o.Memory with { NearLimitSomeAvg10 = 2.5 } });
        (string token, string id) = await api.SandboxAsync();
        api.Memory.Shape = m => m with { Pressure = new Pressure(new StallFigures(2.5, 0, 0, default), default) };
        Assert.Equal("memory stall 2.50% exceeded threshold 2.50%", (await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token)).Text("reason"));

        api.Memory.Shape = m => m with { UsageBytes = 240 * MiB, GrowthOff = "no memory controller" };
        Answer answer = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.Equal("memory usage 93.75% exceeded threshold 85.00%", answer.Text("reason"));
        Assert.Equal("no memory controller", answer.Text("growth_unavailable"));
    }

    [Fact]
    public async Task Memory_is_the_owners_and_the_administrators()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        string other = api.Token();

        (await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, other)).Is(403, "forbidden", $"forbidden: {id} belongs to another session");
        (await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", """{"target_mb":512}""", other)).Is(403, "forbidden");
        (await api.SendAsync("GET", "/sandboxes/sbx_00000000ffff/memory/pressure", null, token)).Is(404, "not_found", "resource not found: sandbox sbx_00000000ffff");
        (await api.SendAsync("DELETE", $"/sandboxes/{id}/memory/pressure", null, token)).Is(405, "method_not_allowed");
        api.Socket = true;
        Assert.Equal(200, (await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure")).Status);
        Assert.Empty(api.Memory.Asked);
    }

    [Fact]
    public async Task A_manual_growth_byte_for_byte_and_in_the_growth_list()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", """{"target_mb":1024}""", token);
        Answer pressure = await api.SendAsync("GET", $"/sandboxes/{id}/memory/pressure", null, token);

        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"triggered":true,"from_mb":256,"to_mb":1024,"reason":"memory expanded by agent decision","ceiling_mb":57600}""", answer.Body);
        Assert.Contains(
            """ "growth":[{"time":"2026-01-05T09:00:01.120Z","from_mb":256,"to_mb":1024,"granted":true,"trigger":"manual","reason":"memory expanded by agent decision"}]""".TrimStart(),
            pressure.Body,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"auto_expand":true}""", null)]
    [InlineData("""{"auto_expand":true,"target_mb":-7}""", null)]
    [InlineData("""{"auto_expand":true,"target_mb":9999}""", null)]
    [InlineData("""{"target_mb":300}""", 300)]
    [InlineData("""{"target_mb":300,"auto_expand":false,"unknown":1}""", 300)]
    [InlineData("""{"target_mb":99999999999}""", int.MaxValue)]
    [InlineData("""{"target_mb":99999999999999999999999999}""", int.MaxValue)]
    public async Task What_is_asked_of_the_runtime(string body, int? asked)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", body, token);

        Assert.Equal(200, answer.Status);
        Assert.Equal([asked], api.Memory.Asked);
    }

    [Fact]
    public async Task An_automatic_step_and_a_target_above_the_ceiling()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        string id = (await api.SendAsync("POST", "/sandboxes", """{"memory_ceiling_mb":600}""", token)).Text("sandbox_id");
        string path = $"/sandboxes/{id}/memory/expand";

        Assert.Equal(
            """{"triggered":true,"from_mb":256,"to_mb":512,"reason":"memory expanded by one automatic step","ceiling_mb":600}""",
            (await api.SendAsync("POST", path, """{"auto_expand":true}""", token)).Body);
        Assert.Equal(
            """{"triggered":true,"from_mb":512,"to_mb":600,"reason":"memory expanded by agent decision","ceiling_mb":600,"clamped":true}""",
            (await api.SendAsync("POST", path, """{"target_mb":700}""", token)).Body);
        Assert.Equal(
            """{"triggered":false,"from_mb":600,"to_mb":600,"reason":"target memory is not greater than current limit","ceiling_mb":600,"clamped":true}""",
            (await api.SendAsync("POST", path, """{"target_mb":700}""", token)).Body);
        Assert.Equal(
            """{"triggered":false,"from_mb":600,"to_mb":600,"reason":"already at-or-above configured ceiling (600 MB); current=600 MB","ceiling_mb":600}""",
            (await api.SendAsync("POST", path, """{"auto_expand":true}""", token)).Body);
    }

    [Theory]
    [InlineData("""{"target_mb":0}""", "target_mb must be greater than 0")]
    [InlineData("""{"target_mb":-1}""", "target_mb must be greater than 0")]
    [InlineData("""{"target_mb":-99999999999999999999999}""", "target_mb must be greater than 0")]
    [InlineData("{}", "target_mb must be greater than 0")]
    [InlineData("""{"auto_expand":false}""", "target_mb must be greater than 0")]
    [InlineData("""{"target_mb":63}""", "target_mb must be at least 64")]
    [InlineData("""{"target_mb":1}""", "target_mb must be at least 64")]
    [ContractLine("G5", Part = "cases 1 and 2, empty fields")]
    public async Task A_wrong_target_is_400_with_the_rule(string body, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", body, token);

        Assert.Equal("target_mb", answer.Is(400, "invalid_argument", error).Detail("field"));
        Assert.Empty(api.Memory.Asked);
    }

    [Theory]
    [InlineData("""{"target_mb":512.0}""", "invalid json: field target_mb must be an integer, not 512.0")]
    [InlineData("""{"target_mb":1e400}""", "invalid json: field target_mb must be an integer, not 1e400")]
    [InlineData("""{"target_mb":"512"}""", "invalid json: field target_mb must be an integer")]
    [InlineData("""{"target_mb":"NaN"}""", "invalid json: field target_mb must be an integer")]
    [InlineData("""{"auto_expand":1}""", "invalid json: field auto_expand must be true or false")]
    public async Task A_wrong_type_is_400(string body, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();

        (await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", body, token)).Is(400, "invalid_json", error);
        (await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", """{"target_mb":NaN}""", token)).Is(400, "invalid_json");
        (await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", null, token)).Is(400, "empty_body");
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("TRUE", true)]
    [InlineData("True", true)]
    [InlineData("false", false)]
    [InlineData("yes", false)]
    public async Task Without_a_target_a_label_stands_for_auto_expand(string label, bool counts)
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        string id = (await api.SendAsync("POST", "/sandboxes", $$$"""{"labels":{"auto_expand_memory":"{{{label}}}"}}""", token)).Text("sandbox_id");

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", """{"target_mb":0}""", token);

        Assert.Equal(counts ? 200 : 400, answer.Status);
        Assert.Equal(counts ? [null] : [], api.Memory.Asked);
    }

    [Fact]
    [ContractLine("G5", Part = "cases 2 and 3")]
    public async Task The_minimum_is_a_setting_and_the_refusals_of_the_runtime_have_their_codes()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Memory = o.Memory with { MinMb = 100 } });
        (string token, string id) = await api.SandboxAsync();
        string path = $"/sandboxes/{id}/memory/expand";

        (await api.SendAsync("POST", path, """{"target_mb":99}""", token)).Is(400, "invalid_argument", "target_mb must be at least 100");
        Answer notAbove = await api.SendAsync("POST", path, """{"target_mb":256}""", token);
        Assert.Equal("256", notAbove.Is(400, "target_not_above_current", "target_mb 256 is not above the current limit 256 MB").Detail("target_mb"));
        Assert.Equal("256", notAbove.Detail("current_mb"));
        api.Memory.Available = 0.095;
        Answer low = await api.SendAsync("POST", path, """{"target_mb":512}""", token);
        Assert.Equal("0.095", low.Is(503, "host_memory_low", "host memory available ratio 9.50% is below 10%; memory expand is blocked").Detail("available_ratio"));
        api.Memory.Available = 0.12;
        Assert.Equal(
            "memory expanded by agent decision; host memory available ratio 12.00% is below 15%; operation succeeded but host is under pressure",
            (await api.SendAsync("POST", path, """{"target_mb":512}""", token)).Text("reason"));
    }

    [Fact]
    public async Task An_idempotency_key_is_not_for_expand()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();

        for (int i = 0; i < 2; i++)
        {
            Answer answer = await api.SendAsync("POST", $"/sandboxes/{id}/memory/expand", """{"auto_expand":true}""", token, ("Idempotency-Key", "k"));
            Assert.DoesNotContain("Idempotency-Replayed", answer.Headers.Keys);
        }

        Assert.Equal(1024, api.Sandboxes.Find(SandboxId.Parse(id))!.MemoryLimitMb);
    }
}
