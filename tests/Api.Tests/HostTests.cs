using System.Net;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 3 and 4.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Resources_are_answered_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("GET", "/resources");

        const string engine = "\"available\":true,\"server_version\":\"1.6.20\"";
        Assert.Equal(
            $$$"""{"time":"2026-01-05T09:00:00Z","cpu":{"logical_cores":4},"memory":{"total_bytes":67108864000,"available_bytes":51002736640,"swap_total_bytes":200,"swap_free_bytes":100,"available_ratio":0.76},"docker":{{{{engine}}}},"load_avg":{"avg1":0.4,"avg5":0.3,"avg15":0.2},"engine":{"kind":"containerd",{{{engine}}}},"pressure":{"some_avg10":3.1,"some_avg60":2,"some_avg300":1,"full_avg10":0.5,"full_avg60":0.25,"full_avg300":0},"disk":{"total_bytes":1000,"free_bytes":400},"sandboxes":{"running":2,"total":5},"memory_budget":{"budget_bytes":7,"limits_total_bytes":8,"used_bytes":9}}""",
            answer.Body);
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_said_under_both_names()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Host.Resources = api.Host.Resources with { EngineVersion = null };

        Answer answer = await api.SendAsync("GET", "/resources");

        Assert.Equal("""{"available":false,"error":"containerd does not answer"}""", answer.Root.GetProperty("docker").GetRawText());
        Assert.Equal("""{"kind":"containerd","available":false,"error":"containerd does not answer"}""", answer.Root.GetProperty("engine").GetRawText());
    }

    [Fact]
    public async Task A_diagnosis_is_answered_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Host.Alert = new AlertResult("http://a.example/p?***", false, "connection refused");
        api.Host.Resources = api.Host.Resources with { Figures = api.Host.Resources.Figures with { AvailableBytes = 14830929281 } };

        Answer answer = await api.SendAsync("GET", "/diagnostics/oom");

        Assert.Equal(
            """{"time":"2026-01-05T09:00:00Z","risk_level":"medium","memory":{"total_bytes":67108864000,"available_bytes":14830929281,"swap_total_bytes":200,"swap_free_bytes":100,"available_ratio":0.221},"pressure":{"some_avg10":3.1,"some_avg60":2,"some_avg300":1,"full_avg10":0.5,"full_avg60":0.25,"full_avg300":0},"signals":["memory.available_ratio=0.2210","psi.some.avg10=3.1000","psi.full.avg10=0.5000"],"recommendations":["Keep an eye on memory pressure and the available share.","Decide now which sandbox may grow next and which work can wait."],"alert":{"target":"http://a.example/p?***","dispatched":false,"error":"connection refused"}}""",
            answer.Body);
        api.Host.Alert = AlertResult.None;
        Assert.Equal("""{"dispatched":false}""", (await api.SendAsync("GET", "/diagnostics/oom")).Root.GetProperty("alert").GetRawText());
    }

    [Theory]
    [InlineData("critical", 0.05)]
    [InlineData("high", 0.12)]
    [InlineData("low", 0.9)]
    public async Task Each_level_has_its_word(string word, double ratio)
    {
        await using TestApi api = await TestApi.StartAsync();
        HostFigures figures = api.Host.Resources.Figures;
        api.Host.Resources = api.Host.Resources with { Figures = figures with { AvailableBytes = (long)(figures.TotalBytes * ratio), Pressure = default } };

        Assert.Equal(word, (await api.SendAsync("GET", "/diagnostics/oom")).Text("risk_level"));
    }

    [Theory]
    [InlineData("/resources")]
    [InlineData("/diagnostics/oom")]
    public async Task Callers_are_those_of_the_host_or_have_the_key(string path)
    {
        await using (TestApi open = await TestApi.StartAsync())
        {
            open.Peer = IPAddress.Parse("192.0.2.7");
            (await open.SendAsync("GET", path, null, open.Token())).Is(403, "admin_loopback_only");
            (await open.SendAsync("POST", path)).Is(405, "method_not_allowed");
        }

        await using TestApi keyed = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k" } });
        (await keyed.SendAsync("GET", path, null, keyed.Token())).Is(401, "api_key_required");
        Assert.Equal(200, (await keyed.SendAsync("GET", path, null, null, ("Authorization", "Bearer k"))).Status);
    }
}
