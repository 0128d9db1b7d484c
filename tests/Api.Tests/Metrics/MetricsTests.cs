using System.Net;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Telemetry;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.Metrics;

/// <summary>Endpoint 41. One class, so that nobody else counts meanwhile: the meter belongs to the process.</summary>
public sealed class MetricsTests
{
    private static readonly string[] Results = ["ok", "redirect", "status", "timeout", "no_connection", "blocked", "cut_off"];
    private static readonly string[] Triggers = ["high", "psi", "usage", "manual"];

    [Fact]
    public async Task A_fresh_daemon_has_every_counter_with_zero_and_the_gauges_of_now()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("GET", "/metrics");

        Assert.Equal((200, "text/plain; version=0.0.4"), (answer.Status, answer.Headers["Content-Type"]));
        ParsedMetrics metrics = new(answer.Body);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["sleigh_sandboxes"] = "gauge",
                ["sleigh_execs_running"] = "gauge",
                ["sleigh_execs_total"] = "counter",
                ["sleigh_exec_seconds"] = "histogram",
                ["sleigh_sandbox_create_seconds"] = "histogram",
                ["sleigh_snapshot_seconds"] = "histogram",
                ["sleigh_snapshot_pause_seconds"] = "histogram",
                ["sleigh_rollback_seconds"] = "histogram",
                ["sleigh_http_requests_total"] = "counter",
                ["sleigh_http_request_seconds"] = "histogram",
                ["process_cpu_seconds_total"] = "counter",
                ["process_resident_memory_bytes"] = "gauge",
                ["process_open_fds"] = "gauge",
                ["process_threads"] = "gauge",
                ["dotnet_gc_heap_bytes"] = "gauge",
                ["dotnet_gc_collections_total"] = "counter",
                ["dotnet_gc_pause_seconds_total"] = "counter",
                ["dotnet_threadpool_queue_length"] = "gauge",
                ["sleigh_host_memory_available_ratio"] = "gauge",
                ["sleigh_memory_limits_bytes"] = "gauge",
                ["sleigh_memory_given_back_bytes_total"] = "counter",
                ["sleigh_memory_growth_delay_seconds"] = "histogram",
                ["sleigh_memory_growth_total"] = "counter",
                ["sleigh_memory_stall_seconds_total"] = "counter",
                ["sleigh_oom_kills_total"] = "counter",
                ["sleigh_warm_pool_available"] = "gauge",
                ["sleigh_warm_pool_hits_total"] = "counter",
                ["sleigh_warm_pool_misses_total"] = "counter",
                ["sleigh_webhook_tries_total"] = "counter",
                ["sleigh_audit_lines_total"] = "counter",
                ["sleigh_webhook_queue"] = "gauge",
            },
            metrics.Types);
        foreach (string trigger in Triggers)
        {
            Assert.Equal(0, metrics[$"sleigh_memory_growth_total{{trigger=\"{trigger}\",granted=\"true\"}}"]);
            Assert.Equal(0, metrics[$"sleigh_memory_growth_total{{trigger=\"{trigger}\",granted=\"false\"}}"]);
        }

        foreach (string result in Results)
        {
            Assert.Equal(0, metrics[$"sleigh_webhook_tries_total{{result=\"{result}\"}}"]);
        }

        Assert.Equal(
            (0, 0, 0, 0.75, 30_000, 0),
            (metrics["sleigh_oom_kills_total"], metrics["sleigh_memory_stall_seconds_total"], metrics["sleigh_memory_given_back_bytes_total"],
                metrics["sleigh_host_memory_available_ratio"], metrics["sleigh_memory_limits_bytes"], metrics["sleigh_sandboxes{status=\"running\"}"]));
        foreach (string origin in (string[])["exec", "ops_read", "code_write", "workflow"])
        {
            foreach (string status in (string[])["succeeded", "failed", "cancelled"])
            {
                Assert.Equal(0, metrics[$"sleigh_execs_total{{origin=\"{origin}\",status=\"{status}\"}}"]);
            }
        }

        Assert.InRange(metrics["process_resident_memory_bytes"], 1 << 20, 1L << 40);
        Assert.InRange(metrics["process_open_fds"], 3, 1 << 20);
        Assert.InRange(metrics["process_threads"], 2, 1 << 16);
        Assert.InRange(metrics["process_cpu_seconds_total"], 0.001, 1e9);
        Assert.Equal((1, 5, 1), (metrics["sleigh_warm_pool_available"], metrics["sleigh_warm_pool_hits_total"], metrics["sleigh_warm_pool_misses_total"]));
    }

    [Fact]
    public async Task What_happened_since_the_start_is_counted_although_nobody_had_asked()
    {
        await using TestApi api = await TestApi.StartAsync();
        MemoryMeters.Growth(GrowthTrigger.High, granted: true);
        MemoryMeters.Growth(GrowthTrigger.High, granted: true);
        MemoryMeters.Growth(GrowthTrigger.Psi, granted: false);
        MemoryMeters.OomKilled(3);
        WebhookMeters.Tried(WebhookOutcomeKind.NoConnection);
        MemoryMeters.Stalled(TimeSpan.FromMilliseconds(1500));
        MemoryMeters.GaveBack(1L << 40);

        ParsedMetrics metrics = new((await api.SendAsync("GET", "/metrics")).Body);

        Assert.Equal(2, metrics["sleigh_memory_growth_total{trigger=\"high\",granted=\"true\"}"]);
        Assert.Equal(1, metrics["sleigh_memory_growth_total{trigger=\"psi\",granted=\"false\"}"]);
        Assert.Equal(0, metrics["sleigh_memory_growth_total{trigger=\"psi\",granted=\"true\"}"]);
        Assert.Equal(1, metrics["sleigh_webhook_tries_total{result=\"no_connection\"}"]);
        Assert.Equal(
            (3, 1.5, 1L << 40),
            (metrics["sleigh_oom_kills_total"], metrics["sleigh_memory_stall_seconds_total"], metrics["sleigh_memory_given_back_bytes_total"]));
        MemoryMeters.OomKilled(1);
        Assert.Equal(4, new ParsedMetrics((await api.SendAsync("GET", "/metrics")).Body)["sleigh_oom_kills_total"]);
    }

    [Fact]
    public async Task The_delay_has_buckets_from_half_a_millisecond_to_a_second()
    {
        await using TestApi api = await TestApi.StartAsync();
        foreach (double milliseconds in (double[])[0.2, 0.5, 0.6, 4, 60, 1000, 5000])
        {
            MemoryMeters.Delay(GrowthTrigger.Psi, TimeSpan.FromMilliseconds(milliseconds));
        }

        ParsedMetrics metrics = new((await api.SendAsync("GET", "/metrics")).Body);

        const string labels = "trigger=\"psi\",granted=\"true\"";
        Assert.Equal(
            [
                ("0.0005", 2), ("0.001", 3), ("0.002", 3), ("0.005", 4), ("0.01", 4), ("0.02", 4), ("0.05", 4), ("0.1", 5), ("0.25", 5), ("1", 6),
            ],
            metrics.Buckets("sleigh_memory_growth_delay_seconds", labels));
        Assert.Equal(7, metrics[$"sleigh_memory_growth_delay_seconds_count{{{labels}}}"]);
        Assert.Equal(6.0653, metrics[$"sleigh_memory_growth_delay_seconds_sum{{{labels}}}"], 6);
    }

    [Fact]
    [ContractLine("O2", Part = "metrics")]
    public async Task Sandboxes_are_counted_by_status_and_no_label_holds_an_id()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string id) = await api.SandboxAsync();
        await api.SandboxAsync();
        Sandbox sandbox = api.Sandboxes.Find(SandboxId.Parse(id))!;
        api.Sandboxes.Put(sandbox with { Id = SandboxId.New(), Status = SandboxStatus.Exited, Name = "name-of-mine" });
        api.Sandboxes.Put(sandbox with { Id = SandboxId.New(), Status = SandboxStatus.Paused });

        Answer answer = await api.SendAsync("GET", "/metrics");

        ParsedMetrics metrics = new(answer.Body);
        Assert.Equal(
            (0, 2, 1, 1),
            (metrics["sleigh_sandboxes{status=\"created\"}"], metrics["sleigh_sandboxes{status=\"running\"}"],
                metrics["sleigh_sandboxes{status=\"paused\"}"], metrics["sleigh_sandboxes{status=\"exited\"}"]));
        Assert.DoesNotMatch("(sbx|sid|exec|snap|mnt|whs|whd|req)_[0-9a-f]{12}|sess_[0-9a-f]", answer.Body);
        Assert.DoesNotContain(token, answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("name-of-mine", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_are_those_of_the_host_or_have_the_key()
    {
        await using (TestApi open = await TestApi.StartAsync())
        {
            open.Peer = IPAddress.Parse("192.0.2.7");
            (await open.SendAsync("GET", "/metrics")).Is(403, "admin_loopback_only");
            open.Socket = true;
            Assert.Equal(200, (await open.SendAsync("GET", "/metrics")).Status);
            (await open.SendAsync("POST", "/metrics")).Is(405, "method_not_allowed");
            Answer head = await open.SendAsync("HEAD", "/metrics");
            Assert.Equal((200, "", "text/plain; version=0.0.4"), (head.Status, head.Body, head.Headers["Content-Type"]));
        }

        await using TestApi keyed = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k" } });
        (await keyed.SendAsync("GET", "/metrics", null, keyed.Token())).Is(401, "api_key_required");
        Assert.Equal(200, (await keyed.SendAsync("GET", "/metrics", null, null, ("Authorization", "Bearer k"))).Status);
    }

    [Fact]
    public async Task What_sandboxes_and_commands_did_is_counted_with_its_times()
    {
        await using TestApi api = await TestApi.StartAsync();
        SandboxMeters.Created(TimeSpan.FromMilliseconds(18), fromPool: true);
        SandboxMeters.Created(TimeSpan.FromMilliseconds(70), fromPool: false);
        SandboxMeters.Finished(ExecOrigin.OpsRead, ExecStatus.Failed, TimeSpan.FromSeconds(2));
        SandboxMeters.Finished(ExecOrigin.OpsRead, ExecStatus.Succeeded, TimeSpan.FromHours(1));
        SandboxMeters.SnapshotTaken(TimeSpan.FromMilliseconds(14), TimeSpan.FromMilliseconds(6));
        SandboxMeters.RolledBack(TimeSpan.FromMilliseconds(21));

        ParsedMetrics metrics = new((await api.SendAsync("GET", "/metrics")).Body);

        Assert.Equal(
            (1, 1, 1, 0.018),
            (metrics["sleigh_sandbox_create_seconds_count{source=\"pool\"}"], metrics["sleigh_sandbox_create_seconds_count{source=\"cold\"}"],
                metrics["sleigh_sandbox_create_seconds_bucket{source=\"pool\",le=\"0.02\"}"], metrics["sleigh_sandbox_create_seconds_sum{source=\"pool\"}"]));
        Assert.Equal(
            (1, 1, 2, 1, 1),
            (metrics["sleigh_execs_total{origin=\"ops_read\",status=\"failed\"}"], metrics["sleigh_execs_total{origin=\"ops_read\",status=\"succeeded\"}"],
                metrics["sleigh_exec_seconds_count{origin=\"ops_read\"}"], metrics["sleigh_exec_seconds_bucket{origin=\"ops_read\",le=\"2.5\"}"],
                metrics["sleigh_exec_seconds_bucket{origin=\"ops_read\",le=\"1800\"}"]));
        Assert.Equal(
            (1, 0.014, 0.006, 0.021),
            (metrics["sleigh_snapshot_seconds_count"], metrics["sleigh_snapshot_seconds_sum"], metrics["sleigh_snapshot_pause_seconds_sum"],
                metrics["sleigh_rollback_seconds_sum"]));
    }

    [Theory]
    [InlineData("a 1")]
    [InlineData("# TYPE a counter\na_total 1\n")]
    [InlineData("# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 2\n")]
    [InlineData("# HELP a x\n# TYPE a gauge\na{b=\"c} 1\n")]
    [InlineData("# HELP a x\n# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n")]
    [InlineData("# HELP a x\n# TYPE a counter\na 1\n")]
    [InlineData("# HELP h x\n# TYPE h histogram\nh_bucket{l=\"1\",le=\"1\"} 2\nh_bucket{l=\"1\",le=\"+Inf\"} 1\nh_sum{l=\"1\"} 1\nh_count{l=\"1\"} 1\n")]
    public void The_reader_of_these_tests_refuses_what_is_wrong(string text) => Assert.ThrowsAny<Exception>(() => new ParsedMetrics(text));

    [Fact]
    public void Labels_and_help_with_quotes_lines_and_backslashes_are_escaped() => Assert.Equal(
        "# HELP a one\\\\two\\nthree\n# TYPE a gauge\na{b=\"q\\\"\\\\\\n\",c=\"d\"} 0.1\n",
        new Api.Metrics.MetricsText().Family("a", "gauge", "one\\two\nthree").Sample("a", Api.Metrics.MetricsText.Join(Api.Metrics.MetricsText.Label("b", "q\"\\\n"), Api.Metrics.MetricsText.Label("c", "d")), 0.1).ToString());
}
