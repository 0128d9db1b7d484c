using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon.Telemetry;

/// <summary>Traces and metrics of a real daemon as a collector gets them; and S3: the token is nowhere.</summary>
[Collection(DaemonCollection.Name)]
public sealed class TelemetryTests
{
    private const string Mark = "s3cr3t-mark";
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const int ErrorStatus = 2;
    private const int ServerKind = 2;

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task Each_operation_is_a_trace_with_its_phases_and_neither_token_nor_secret_is_anywhere()
    {
        using Collector collector = new();
        await using TestDaemon daemon = new(("pool.size", "1"), ("log.level", "debug"));
        daemon.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address;
        daemon.Variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        daemon.Variables["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=of-the-collector";
        daemon.Variables["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=test";
        daemon.Variables["OTEL_METRIC_EXPORT_INTERVAL"] = "500";
        daemon.Variables["OTEL_BSP_SCHEDULE_DELAY"] = "200";
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string token = client.Token!;

        string box = await client.NewAsync(image, new JsonObject { ["env"] = new JsonObject { ["MARK"] = Mark }, ["labels"] = new JsonObject { ["task"] = Mark } });
        string exec = await WithParentAsync(daemon, token, box);
        string snapshot = (string)(await client.SendAsync("POST", $"/sandboxes/{box}/snapshots", new JsonObject { ["name"] = Mark }, 201))["id"]!;
        await client.RollbackAsync(box, snapshot);
        string[] forks = await client.ForkAsync(box, 2, snapshot);
        await client.SendAsync("POST", $"/sandboxes/{box}/rollback", new JsonObject { ["snapshot_id"] = Mark }, 404);
        await client.SendAsync("GET", $"/sessions/{token}?session_token={token}&q={Mark}", null, 200);
        JsonObject labels = (await client.GetAsync(box))["labels"]!.AsObject();
        using (HttpResponseMessage figures = await client.RawAsync("GET", "/metrics"))
        {
            string text = await figures.Content.ReadAsStringAsync();
            Assert.Contains("sleigh_sandbox_create_seconds_count{source=", text, StringComparison.Ordinal);
            Assert.Contains("sleigh_execs_total{origin=\"exec\",status=\"failed\"} 1\n", text, StringComparison.Ordinal);
            Assert.Contains("sleigh_snapshot_pause_seconds_count 1\n", text, StringComparison.Ordinal);
            Assert.Contains("sleigh_rollback_seconds_count 1\n", text, StringComparison.Ordinal);
            Assert.DoesNotMatch("sess_|sid_|sbx_|exec_[0-9a-f]|snap_|" + Mark, text);
        }

        await Poll.UntilAsync(() => Task.FromResult(collector.Metrics.Contains("sleigh_sandboxes")), 20, () => "no metrics came");
        foreach (string id in forks.Append(box))
        {
            await client.SendAsync("DELETE", $"/sandboxes/{id}?session_token={token}", null, 204);
        }

        Assert.Equal(0, await daemon.TerminateAsync());

        SentSpan[] spans = collector.Spans;
        CheckCreate(spans, client.SessionId!, box);
        CheckExec(spans, box, exec);
        CheckChanges(spans, box, snapshot, forks);
        Assert.DoesNotContain(spans, s => s.Name.Contains("healthz", StringComparison.Ordinal) || s.Name.Contains("readyz", StringComparison.Ordinal) || s.Name.Contains("metrics", StringComparison.Ordinal));
        Assert.All(spans, s => Assert.True(s.End >= s.Begin));
        Assert.All(spans.Where(s => s.Parent.Length > 0 && s.Trace != Trace), s => Assert.Contains(spans, p => p.Id == s.Parent && p.Trace == s.Trace));
        Assert.Equal(("sleigh", "test"), (collector.Resource["service.name"], collector.Resource["deployment.environment"]));
        Assert.Superset(
            new HashSet<string> { "sleigh_sandboxes", "sleigh_execs_total", "sleigh_exec_seconds", "sleigh_http_requests_total", "sleigh_memory_growth_total", "process_open_fds" },
            collector.Metrics);
        Assert.All(collector.Keys, key => Assert.Equal("of-the-collector", key));

        // S3, and more: what a caller has to hide has left the daemon nowhere.
        string sent = string.Concat(collector.Bodies.Select(Encoding.Latin1.GetString));
        Assert.DoesNotContain(token, sent, StringComparison.Ordinal);
        Assert.DoesNotContain(Mark, sent, StringComparison.Ordinal);
        Assert.DoesNotContain(token, labels.ToJsonString(), StringComparison.Ordinal);
        string log = await File.ReadAllTextAsync(daemon.LogFile);
        Assert.Contains("Telemetry is sent over OTLP (traces: True, metrics: True)", log, StringComparison.Ordinal);
        Assert.Contains("GET /sessions/sess_*** 200", log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, log, StringComparison.Ordinal);
        Assert.DoesNotContain("of-the-collector", log, StringComparison.Ordinal);
        string[] databases = Directory.GetFiles(daemon.DataDir, "*.db*");
        Assert.NotEmpty(databases);
        Assert.All(databases, file => Assert.DoesNotContain(token, Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal));
    }

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task A_collector_that_is_not_there_is_told_in_the_log_and_holds_nothing_up()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        daemon.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://user:passw0rd@127.0.0.1:9";
        daemon.Variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        daemon.Variables["OTEL_TRACES_SAMPLER"] = "sometimes";
        daemon.Variables["OTEL_BSP_SCHEDULE_DELAY"] = "100";
        daemon.Variables["OTEL_METRIC_EXPORT_INTERVAL"] = "100";
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await client.SendAsync("GET", "/sandboxes", null, 200);

        await Poll.UntilAsync(
            async () => (await File.ReadAllTextAsync(daemon.LogFile)) is var log && log.Contains("No traces reach", StringComparison.Ordinal) && log.Contains("No metrics reach", StringComparison.Ordinal),
            20, () => $"nothing was told:\n{daemon.LogTail}");
        Assert.Equal(0, await daemon.TerminateAsync());

        string all = await File.ReadAllTextAsync(daemon.LogFile);
        Assert.Contains("Telemetry: OTEL_TRACES_SAMPLER must be one of: always_on,", all, StringComparison.Ordinal);
        Assert.Contains("No traces reach http://127.0.0.1:9/v1/traces: Connection refused", all, StringComparison.Ordinal);
        Assert.Single(all.Split('\n'), line => line.Contains("No metrics reach", StringComparison.Ordinal));
        Assert.DoesNotContain("passw0rd", all, StringComparison.Ordinal);
    }

    // An exec that fails, with secrets wherever one may stand, inside a trace of the caller's.
    private static async Task<string> WithParentAsync(TestDaemon daemon, string token, string box)
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{daemon.Address}") };
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"/sandboxes/{box}/exec?q={Mark}", UriKind.Relative))
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["command"] = $"echo {Mark}; sleep 0.2; exit 3", ["wait"] = true, ["stdin"] = Mark, ["env"] = new JsonObject { ["MORE"] = Mark },
            }),
        };
        request.Headers.Add("X-Session-Token", token);
        request.Headers.Add("X-Request-Id", "of-the-test");
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        using HttpResponseMessage reply = await http.SendAsync(request);
        JsonNode body = JsonNode.Parse(await reply.Content.ReadAsStringAsync())!;
        Assert.Equal((200, "failed"), ((int)reply.StatusCode, (string?)body["status"]));
        return (string)body["id"]!;
    }

    private static void CheckCreate(SentSpan[] spans, string session, string box)
    {
        SentSpan request = Assert.Single(spans, s => s.Name == "POST /sandboxes");
        SentSpan create = Assert.Single(spans, s => s.Name == "create" && s.Parent == request.Id);
        Assert.Equal((ServerKind, "", "create", "/sandboxes", "201"), (request.Kind, request.Parent, request["sleigh.operation"], request["http.route"], request["http.response.status_code"]));
        Assert.Equal((session, box, 0), (create["sleigh.session_id"], create["sleigh.sandbox_id"], create.Status));
        Assert.Equal(session, request["sleigh.session_id"]);
        CheckPhases(spans, create, "create.admission", "create.create", "create.image", "create.mount", "create.rootfs", "create.start");
    }

    private static void CheckExec(SentSpan[] spans, string box, string exec)
    {
        SentSpan request = Assert.Single(spans, s => s.Name == "POST /sandboxes/{id}/exec");
        SentSpan run = Assert.Single(spans, s => s.Name == "exec");
        Assert.Equal((Trace, "b7ad6b7169203331", "of-the-test"), (request.Trace, request.Parent, request["sleigh.request_id"]));
        Assert.Equal((Trace, request.Id, ErrorStatus), (run.Trace, run.Parent, run.Status));
        Assert.Equal(
            (box, exec, "exec", "failed", "3"),
            (run["sleigh.sandbox_id"], run["sleigh.exec_id"], run["sleigh.origin"], run["sleigh.status"], run["sleigh.exit_code"]));
        CheckPhases(spans, run, "exec.run", "exec.start");
        SentSpan phase = Assert.Single(spans, s => s.Name == "exec.run");
        Assert.InRange((phase.End - phase.Begin) / 1e9, 0.15, 10);
    }

    private static void CheckChanges(SentSpan[] spans, string box, string snapshot, string[] forks)
    {
        SentSpan taken = Assert.Single(spans, s => s.Name == "snapshot");
        Assert.Equal((box, snapshot), (taken["sleigh.sandbox_id"], taken["sleigh.snapshot_id"]));
        CheckPhases(spans, taken, "snapshot.pause", "snapshot.prepare", "snapshot.record", "snapshot.wait");
        SentSpan back = Assert.Single(spans, s => s.Name == "rollback");
        CheckPhases(spans, back, "rollback.end", "rollback.rootfs", "rollback.start", "rollback.switch", "rollback.wait");
        SentSpan fork = Assert.Single(spans, s => s.Name == "fork");
        Assert.Equal(forks.Order(), spans.Where(s => s.Name == "create" && s.Parent == fork.Id).Select(s => s["sleigh.sandbox_id"]).Order());
        Assert.Equal(forks.Append(box).Order(), spans.Where(s => s.Name == "delete").Select(s => s["sleigh.sandbox_id"]).Order());
        SentSpan refused = Assert.Single(spans, s => s.Name == "POST /sandboxes/{id}/rollback" && s["http.response.status_code"] == "404");
        Assert.Equal(("snapshot_not_found", 0), (refused["sleigh.code"], refused.Status));
    }

    private static void CheckPhases(SentSpan[] spans, SentSpan operation, params string[] names)
    {
        SentSpan[] phases = [.. spans.Where(s => s.Parent == operation.Id)];
        Assert.Equal(names, phases.Select(p => p.Name).Distinct().Order(StringComparer.Ordinal));
        foreach (SentSpan phase in phases)
        {
            // The clock of the phases is a finer one than that of the operation.
            const ulong slack = 5_000_000;
            Assert.True(phase.Begin + slack >= operation.Begin && phase.End <= operation.End + slack, $"{phase} is not inside {operation}");
        }
    }
}
