using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary><c>/admin/top</c>, <c>/admin/execs</c>, <c>/admin/sandboxes/{id}</c> and <c>/admin/config</c>.</summary>
public sealed class InspectionTests
{
    [Fact]
    public async Task Top_shows_what_is_in_use_and_leaves_out_what_the_kernel_does_not_know()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        Sandbox sandbox = api.Sandboxes.Find(SandboxId.Parse(id))!;
        api.Inspection.Sandboxes =
        [
            new SandboxLoad
            {
                Sandbox = sandbox with { Name = "box" }, MemoryUsedBytes = 1000, WorkingSetBytes = 900, MemorySomeAvg10 = 0.25, CpuUsec = 77, Pids = 3, RunningExecs = 1,
            },
            new SandboxLoad { Sandbox = sandbox with { Status = SandboxStatus.Exited }, RunningExecs = 0 },
        ];
        api.Socket = true;

        Answer top = await api.SendAsync("GET", "/admin/top");

        string who = $"\"session_id\":\"{sandbox.Session}\",\"image\":\"python:3.11-slim\"";
        Assert.Equal(
            """{"time":"2026-01-05T09:00:01.120Z","host":{"logical_cores":2,"load1":0.25,"memory_total_bytes":4000,"memory_available_bytes":3000,"memory_pressure_some_avg10":1.5},"pool":{"available":3,"target_now":4},"items":["""
            + $$"""{"sandbox_id":"{{id}}","name":"box",{{who}},"status":"running","memory_limit_bytes":268435456,"memory_used_bytes":1000,"working_set_bytes":900,"memory_some_avg10":0.25,"cpu_usec":77,"pids":3,"running_execs":1,"created":"2026-01-05T09:00:01.120Z"},"""
            + $$"""{"sandbox_id":"{{id}}",{{who}},"status":"exited","memory_limit_bytes":268435456,"running_execs":0,"created":"2026-01-05T09:00:01.120Z"}]}""",
            top.Body);
        Assert.Equal(200, (await api.SendAsync("GET", "/sandboxes", null, token)).Status);
        api.Inspection.Pressure = null;
        Assert.DoesNotContain("memory_pressure_some_avg10", (await api.SendAsync("GET", "/admin/top")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sandbox_is_shown_with_its_place_its_snapshots_and_its_last_commands()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        Answer snapshot = await api.SendAsync("POST", $"/sandboxes/{id}/snapshots", null, token);
        for (int i = 0; i < 12; i++)
        {
            await api.SendAsync("POST", $"/sandboxes/{id}/exec", $$"""{"command":"echo {{i}}"}""", token);
        }

        api.Inspection.Found = new SandboxPlace("slot-0123456789ab", 4711, "/sys/fs/cgroup/sleigh/slot-0123456789ab", "lyr-0123456789ab");
        api.Socket = true;

        Answer shown = await api.SendAsync("GET", $"/admin/sandboxes/{id}");

        Assert.Equal((await api.SendAsync("GET", $"/sandboxes/{id}")).Body, shown.Root.GetProperty("sandbox").GetRawText());
        Assert.Equal(
            """{"slot":"slot-0123456789ab","pid":4711,"cgroup":"/sys/fs/cgroup/sleigh/slot-0123456789ab","layer":"lyr-0123456789ab"}""",
            shown.Root.GetProperty("host").GetRawText());
        Assert.Equal(snapshot.Body, Assert.Single(shown.Root.GetProperty("snapshots").EnumerateArray()).GetRawText());
        Assert.Equal(10, shown.Root.GetProperty("execs").GetArrayLength());
        Assert.DoesNotContain("echo", shown.Body, StringComparison.Ordinal);
        api.Inspection.Found = new SandboxPlace(null, null, null, "lyr-0123456789ab");
        Assert.Contains("""{"layer":"lyr-0123456789ab"}""", (await api.SendAsync("GET", $"/admin/sandboxes/{id}")).Body, StringComparison.Ordinal);
        (await api.SendAsync("GET", "/admin/sandboxes/sbx_00000000ffff")).Is(404, "not_found", "resource not found: sandbox sbx_00000000ffff");
        (await api.SendAsync("GET", "/admin/sandboxes/x")).Is(404, "not_found");
    }

    [Fact]
    public async Task Execs_are_listed_newest_first_without_output_or_command()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string first) = await api.SandboxAsync();
        (string _, string second) = await api.SandboxAsync();
        api.Socket = true;
        List<string> ids = [];
        for (int i = 0; i < 23; i++)
        {
            ids.Insert(0, (await api.SendAsync("POST", $"/sandboxes/{(i % 2 == 0 ? first : second)}/exec", """{"command":"echo secret"}""")).Text("id"));
        }

        Answer all = await api.SendAsync("GET", "/admin/execs");

        Assert.Equal(ids.Take(20), Ids(all));
        Assert.DoesNotContain("secret", all.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"stdout\"", all.Body, StringComparison.Ordinal);
        Assert.Contains("\"stdout_bytes\":", all.Body, StringComparison.Ordinal);
        Assert.Equal(ids.Take(2), Ids(await api.SendAsync("GET", "/admin/execs?limit=2")));
        Assert.Equal(23, Ids(await api.SendAsync("GET", "/admin/execs?limit=1000")).Length);
        Assert.Equal(20, Ids(await api.SendAsync("GET", "/admin/execs?limit=-1")).Length);
        Assert.Equal(ids.Where((_, i) => i % 2 == 1), Ids(await api.SendAsync("GET", $"/admin/execs?sandbox_id={second}")));
        Assert.Empty(Ids(await api.SendAsync("GET", "/admin/execs?session_id=sid_00000000ffff")));
        (await api.SendAsync("GET", "/admin/execs?sandbox_id=x")).Is(400, "invalid_argument", "bad request: sandbox_id is not the id of a sandbox");
        (await api.SendAsync("GET", "/admin/execs?session_id=x")).Is(400, "invalid_argument", "bad request: session_id is not the id of a session");
        Assert.NotEmpty(token);
    }

    [Fact]
    public async Task The_configuration_is_shown_with_its_sources()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal(
            """{"items":[{"key":"http.listen","value":"127.0.0.1:10122","source":"file /etc/sleigh/sleigh.yaml"},{"key":"http.api_key","value":"***","source":"environment","secret":true}]}""",
            (await api.SendAsync("GET", "/admin/config")).Body);
    }

    private static string[] Ids(Answer list) => [.. list.Root.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("id").GetString()!)];
}
