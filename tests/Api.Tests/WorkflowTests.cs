using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 26.</summary>
public sealed partial class WorkflowTests
{
    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"steps":null}""")]
    [InlineData("""{"steps":[]}""")]
    public async Task A_run_without_steps_is_400(string body)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", body, api.Token());

        Assert.Equal("steps", answer.Is(400, "invalid_argument", "bad request: steps must hold 1 to 100 steps").Detail("field"));
    }

    [Fact]
    public async Task A_hundred_steps_run_and_one_more_is_400()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string step = $$"""{"action":"exec","sandbox_id":"{{sandbox}}","command":"true"}""";

        Answer fits = await api.SendAsync("POST", "/workflow/run", Run([.. Enumerable.Repeat(step, 100)]), token);
        Answer more = await api.SendAsync("POST", "/workflow/run", Run([.. Enumerable.Repeat(step, 101)]), token);

        Assert.Equal(100, fits.Root.GetProperty("steps").GetArrayLength());
        more.Is(400, "invalid_argument", "bad request: steps must hold 1 to 100 steps");
        Assert.Equal(100, api.Execs.Starts);
    }

    [Theory]
    [InlineData("""{"steps":{}}""", "steps")]
    [InlineData("""{"steps":[{"action":"create"},7]}""", "steps[1]")]
    [InlineData("""{"steps":[{"action":7}]}""", "steps[0].action")]
    [InlineData("""{"steps":[{"action":"create"},{"action":"exec","command":7}]}""", "steps[1].command")]
    [InlineData("""{"steps":[{"action":"exec","command":"a","env":{"A":1}}]}""", "steps[0].env")]
    [InlineData("""{"steps":[{"action":"exec","wait":"yes"}]}""", "steps[0].wait")]
    [InlineData("""{"steps":[{"action":"exec","sandbox_id":1}]}""", "steps[0].sandbox_id")]
    [InlineData("""{"steps":[{"action":"create","labels":[]}]}""", "steps[0].labels")]
    [InlineData("""{"steps":[{"action":"snapshot","comment":1}]}""", "steps[0].comment")]
    [InlineData("""{"steps":[{"action":"rollback","snapshot_id":1}]}""", "steps[0].snapshot_id")]
    [InlineData("""{"steps":[{"action":"delete","continue_on_error":1}]}""", "steps[0].continue_on_error")]
    public async Task A_wrong_type_anywhere_is_400_before_the_first_step(string body, string field)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", body, api.Token());

        Assert.Equal(field, answer.Is(400, "invalid_json").Detail("field"));
        Assert.StartsWith($"invalid json: field {field} must be ", answer.Error, StringComparison.Ordinal);
        Assert.Equal(0, api.Sandboxes.Creates);
    }

    [Fact]
    public async Task Members_that_an_action_does_not_know_are_not_looked_at()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
            """{"action":"create","sandbox_id":7,"command":1}""", """{"action":"exec","command":"true","labels":7,"argv":7,"terminal":1}""", """{"action":"delete","name":1}"""),
            api.Token());

        Assert.Equal("succeeded", answer.Text("status"));
    }

    [Fact]
    [ContractLine("F1", Part = "create with any sandbox_id")]
    public async Task Everything_in_one_run_as_it_looks_on_the_wire()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
            """{"action":"create_sandbox","sandbox_id":"new","image":"base","name":"box","memory_limit_mb":64}""",
            """{"action":"exec_command","sandbox_id":"$created","command":"echo"}""",
            """{"action":"create_snapshot","name":"n"}""",
            """{"action":"rollback_snapshot","sandbox_id":" $created ","snapshot_id":"$snapshot"}""",
            """{"action":"delete_sandbox","sandbox_id":""}"""), token);

        string text = Ids().Replace(answer.Body.Replace(token, "TOKEN", StringComparison.Ordinal), m => m.Groups[1].Value + "*");
        text = Durations().Replace(text, "\"duration_ms\":0");
        Assert.StartsWith(
            """{"session_token":"TOKEN","session_id":"sid_*","status":"succeeded","duration_ms":0,"stopped_early":false,"steps":[{"index":0,"action":"create_sandbox","status":"succeeded","duration_ms":0,"sandbox_id":"sbx_*","result":{"sandbox_id":"sbx_*","image":"base","status":"running",""",
            text, StringComparison.Ordinal);
        Assert.Contains(
            """{"index":1,"action":"exec_command","status":"succeeded","duration_ms":0,"sandbox_id":"sbx_*","exec_id":"exec_*","result":{"id":"exec_*","sandbox_id":"sbx_*","status":"succeeded","exit_code":0,"started_at":"2026-01-05T09:00:01Z","completed_at":"2026-01-05T09:00:01Z","origin":"workflow",""",
            text, StringComparison.Ordinal);
        Assert.Contains("""{"index":2,"action":"create_snapshot","status":"succeeded","duration_ms":0,"sandbox_id":"sbx_*","snapshot_id":"snap_*","result":{"id":"snap_*",""", text, StringComparison.Ordinal);
        Assert.Contains("""{"index":3,"action":"rollback_snapshot","status":"succeeded","duration_ms":0,"sandbox_id":"sbx_*","snapshot_id":"snap_*","result":{"sandbox_id":"sbx_*",""", text, StringComparison.Ordinal);
        Assert.Contains("\"rolled_back_to\":\"snap_*\"", text, StringComparison.Ordinal);
        Assert.EndsWith("""{"index":4,"action":"delete_sandbox","status":"succeeded","duration_ms":0,"sandbox_id":"sbx_*","result":{"ok":true}}]}""", text, StringComparison.Ordinal);
        Assert.Equal("box", Step(answer, 0).GetProperty("result").GetProperty("name").GetString());
        Assert.Equal("echo\n", Step(answer, 1).GetProperty("result").GetProperty("stdout").GetString());
        Assert.Empty(api.Sandboxes.List(null));
    }

    [Theory]
    [InlineData("create_sandbox", "Create", "CREATESANDBOX", "create_Sandbox")]
    [InlineData("exec_command", "EXEC", "execCommand", "exec_command")]
    [InlineData("create_snapshot", "Snapshot", "createsnapshot", "CREATE_SNAPSHOT")]
    [InlineData("rollback_snapshot", "rollback", "RollbackSnapshot", " rollback_snapshot ")]
    [InlineData("delete_sandbox", "DELETE", "deleteSandbox", "delete_sandbox")]
    [ContractLine("F1", Part = "aliases")]
    public async Task Every_alias_is_known_in_any_case_and_shown_in_its_first_form(string first, params string[] aliases)
    {
        ArgumentNullException.ThrowIfNull(aliases);
        await using TestApi api = await TestApi.StartAsync();
        foreach (string alias in aliases)
        {
            Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
                """{"action":"create"}""", """{"action":"snapshot"}""", $$"""{"action":"{{alias}}","command":"true","snapshot_id":"$snapshot"}""".Replace(
                    first == "create_sandbox" ? ",\"snapshot_id\":\"$snapshot\"" : "\0", "", StringComparison.Ordinal)), api.Token());

            Assert.Equal((first, "succeeded"), (Step(answer, 2).GetProperty("action").GetString(), answer.Text("status")));
        }
    }

    [Theory]
    [InlineData("""{"action":"exec","command":"true"}""", "workflow step requires sandbox_id or a previously created sandbox", "bad_request")]
    [InlineData("""{"action":"exec","sandbox_id":"$created","command":"true"}""", "workflow step requires sandbox_id or a previously created sandbox", "bad_request")]
    [InlineData("""{"action":"exec","sandbox_id":"{S}"}""", "workflow exec_command step requires non-empty command", "bad_request")]
    [InlineData("""{"action":"exec","sandbox_id":"{S}","command":" \n"}""", "workflow exec_command step requires non-empty command", "bad_request")]
    [InlineData("""{"action":"snapshot"}""", "workflow create_snapshot step requires sandbox_id or a previously created sandbox", "bad_request")]
    [InlineData("""{"action":"rollback","snapshot_id":"snap_000000000001"}""", "workflow rollback_snapshot step requires sandbox_id and snapshot_id", "bad_request")]
    [InlineData("""{"action":"rollback","sandbox_id":"{S}"}""", "workflow rollback_snapshot step requires sandbox_id and snapshot_id", "bad_request")]
    [InlineData("""{"action":"rollback","sandbox_id":"{S}","snapshot_id":"$snapshot"}""", "workflow rollback_snapshot step requires sandbox_id and snapshot_id", "bad_request")]
    [InlineData("""{"action":"rollback","sandbox_id":"{S}","snapshot_id":"x"}""", "snapshot not found: x; available snapshot ids: none", "snapshot_not_found")]
    [InlineData("""{"action":"delete"}""", "workflow delete_sandbox step requires sandbox_id or a previously created sandbox", "bad_request")]
    [InlineData("""{"action":"Fly"}""", "unsupported workflow action: Fly", "invalid_argument")]
    [InlineData("""{}""", "unsupported workflow action: ", "invalid_argument")]
    [InlineData("""{"action":"exec","sandbox_id":"sbx_00000000ffff","command":"true"}""", "resource not found: sandbox sbx_00000000ffff", "not_found")]
    [InlineData("""{"action":"exec","sandbox_id":"x","command":"true"}""", "resource not found: sandbox x", "not_found")]
    [InlineData("""{"action":"exec","sandbox_id":"{F}","command":"true"}""", "forbidden: {F} belongs to another session", "forbidden")]
    [InlineData("""{"action":"snapshot","sandbox_id":"{F}"}""", "forbidden: {F} belongs to another session", "forbidden")]
    [InlineData("""{"action":"rollback","sandbox_id":"{F}","snapshot_id":"snap_000000000001"}""", "forbidden: {F} belongs to another session", "forbidden")]
    [InlineData("""{"action":"delete","sandbox_id":"{F}"}""", "forbidden: {F} belongs to another session", "forbidden")]
    [InlineData("""{"action":"create","snapshot_id":"snap_00000000ffff"}""", "resource not found: snapshot snap_00000000ffff", "snapshot_not_found")]
    [InlineData("""{"action":"create","memory_limit_mb":8}""", "bad request: memory_limit_mb is 8, must be at least 16, or 0 for the default", "invalid_argument")]
    [InlineData("""{"action":"create","image":"node:20","image_pull_policy":"notify"}""", "image \"node:20\" is not cached on host and needs pull", "image_pull_needed")]
    [InlineData("""{"action":"create","image_pull_policy":"never"}""", "image_pull_policy must be one of: wait, notify", "invalid_argument")]
    [InlineData("""{"action":"exec","sandbox_id":"{S}","command":"true","cwd":"tmp"}""", "bad request: cwd must be an absolute path of at most 4095 bytes", "invalid_argument")]
    [InlineData("""{"action":"exec","sandbox_id":"{S}","command":"true","webhook_url":"ftp://x"}""", "bad request: webhook_url must be an absolute http or https URL", "invalid_webhook_url")]
    [InlineData("""{"action":"exec","sandbox_id":"{S}","command":"true","webhook_url":"http://169.254.1.1/"}""", "bad request: webhook_url leads to 169.254.1.1, which lies in a blocked network", "webhook_url_blocked")]
    public async Task A_step_that_cannot_be_done_fails_with_its_text_and_ends_the_run(string step, string error, string code)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        (_, string foreign) = await api.SandboxAsync();
        string Fill(string text) => text.Replace("{S}", sandbox, StringComparison.Ordinal).Replace("{F}", foreign, StringComparison.Ordinal);

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(Fill(step), """{"action":"create"}"""), token);

        Assert.Equal((200, "failed"), (answer.Status, answer.Text("status")));
        Assert.True(answer.Root.GetProperty("stopped_early").GetBoolean());
        Assert.Equal(1, answer.Root.GetProperty("steps").GetArrayLength());
        JsonElement failed = Step(answer, 0);
        Assert.Equal(
            ("failed", Fill(error), code),
            (failed.GetProperty("status").GetString(), failed.GetProperty("error").GetString(), failed.GetProperty("code").GetString()));
        Assert.False(failed.TryGetProperty("result", out _));
        Assert.Equal(0, api.Execs.Starts);
        Assert.NotNull(api.Sandboxes.Find(SandboxId.Parse(foreign)));
    }

    [Fact]
    public async Task A_command_that_fails_ends_the_run_with_its_own_result()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, _) => api.Execs.Finish(id, 3, "out"u8.ToArray());

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(Exec(sandbox, "false"), Exec(sandbox, "true")), token);

        Assert.Equal(("failed", true, 1), (answer.Text("status"), answer.Root.GetProperty("stopped_early").GetBoolean(), api.Execs.Starts));
        JsonElement step = Step(answer, 0);
        Assert.Equal(["index", "action", "status", "duration_ms", "sandbox_id", "exec_id", "error", "result"], step.EnumerateObject().Select(m => m.Name));
        Assert.Equal(("failed", "command exited with status 3"), (step.GetProperty("status").GetString(), step.GetProperty("error").GetString()));
        JsonElement result = step.GetProperty("result");
        Assert.Equal(("failed", 3, "out"), (result.GetProperty("status").GetString(), result.GetProperty("exit_code").GetInt32(), result.GetProperty("stdout").GetString()));
    }

    [Fact]
    public async Task With_continue_on_error_the_run_goes_on_and_is_failed_all_the_same()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, spec) => api.Execs.End(id, spec.Command == "false" ? 1 : 0);

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
            Exec(sandbox, "false", ",\"continue_on_error\":true"), """{"action":"fly","continue_on_error":true}""", Exec(sandbox, "true")), token);

        Assert.Equal(("failed", false), (answer.Text("status"), answer.Root.GetProperty("stopped_early").GetBoolean()));
        Assert.Equal(["failed", "failed", "succeeded"], answer.Root.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("status").GetString()));
        Assert.Equal([0, 1, 2], answer.Root.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("index").GetInt32()));
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData(",\"wait_timeout_seconds\":2", 2)]
    [InlineData(",\"wait_timeout_seconds\":-2", 10)]
    public async Task A_wait_that_is_over_is_timed_out_and_ends_the_run(string field, int seconds)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(Exec(sandbox, "sleep", field), Exec(sandbox, "true")), token);

        Assert.Equal(("timed_out", true), (answer.Text("status"), answer.Root.GetProperty("stopped_early").GetBoolean()));
        JsonElement step = Step(answer, 0);
        string exec = step.GetProperty("exec_id").GetString()!;
        Assert.Equal("timed_out", step.GetProperty("status").GetString());
        Assert.True(step.GetProperty("timed_out").GetBoolean());
        Assert.Equal($"exec step timed out after {seconds}s; call get_exec with exec_id={exec} to continue polling", step.GetProperty("error").GetString());
        Assert.Equal("running", step.GetProperty("result").GetProperty("status").GetString());
        Assert.Equal(TimeSpan.FromSeconds(seconds), api.Execs.LastWait);

        Answer goesOn = await api.SendAsync(
            "POST", "/workflow/run", Run(Exec(sandbox, "sleep", ",\"continue_on_error\":true"), Exec(sandbox, "true")), token);
        Assert.Equal(("failed", false), (goesOn.Text("status"), goesOn.Root.GetProperty("stopped_early").GetBoolean()));
    }

    [Fact]
    public async Task A_command_that_its_own_time_limit_or_a_cancel_has_ended_is_a_failed_step()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, spec) =>
        {
            api.Execs.End(id, 1);
            api.Execs.Change(id, e => spec.Command == "cancelled"
                ? e with { Status = ExecStatus.Cancelled, Error = null }
                : e with { TimedOut = true, Error = "command timed out after 7s and was stopped" });
        };

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
            Exec(sandbox, "cancelled", ",\"continue_on_error\":true"), Exec(sandbox, "limited", ",\"timeout_seconds\":7")), token);

        Assert.Equal("failed", answer.Text("status"));
        Assert.Equal(("failed", "command was cancelled"), (Step(answer, 0).GetProperty("status").GetString(), Step(answer, 0).GetProperty("error").GetString()));
        Assert.Equal("command timed out after 7s and was stopped", Step(answer, 1).GetProperty("error").GetString());
        Assert.False(Step(answer, 1).TryGetProperty("timed_out", out _));
    }

    [Fact]
    public async Task A_command_that_is_not_waited_for_succeeds_with_its_first_record()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(Exec(sandbox, "sleep", ",\"wait\":false"), Exec(sandbox, "true")), token);

        Assert.Equal("succeeded", answer.Text("status"));
        Assert.Equal("running", Step(answer, 0).GetProperty("result").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Every_field_of_an_exec_step_reaches_the_runtime()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        await api.SendAsync("POST", "/workflow/run", Run(Exec(
            sandbox, " echo hi ",
            ",\"timeout_seconds\":7,\"cwd\":\"/tmp\",\"env\":{\"A\":\"1\"},\"user\":\"nobody\",\"stdin\":\"in\",\"webhook_url\":\"http://127.0.0.1:9/h\"")), token);

        ExecSpec spec = api.Execs.LastSpec!;
        Assert.Equal(
            ("echo hi", TimeSpan.FromSeconds(7), "/tmp", "1", "nobody", "in", ExecOrigin.Workflow),
            (spec.Command, spec.Timeout!.Value, spec.Cwd, spec.Env["A"], spec.User, spec.Stdin, spec.Origin));
        Assert.Equal("http://127.0.0.1:9/h", spec.Webhook!.Url.ToString());
    }

    [Fact]
    public async Task The_latest_sandbox_and_the_latest_snapshot_count()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(
            """{"action":"create"}""", """{"action":"snapshot"}""", """{"action":"create"}""", """{"action":"create","cpus":-1,"continue_on_error":true}""",
            """{"action":"snapshot"}""", """{"action":"snapshot"}""", """{"action":"rollback","snapshot_id":"$snapshot"}""", """{"action":"delete"}""", """{"action":"delete"}"""),
            api.Token());

        string second = Step(answer, 2).GetProperty("sandbox_id").GetString()!;
        Assert.Equal(second, Step(answer, 6).GetProperty("sandbox_id").GetString());
        Assert.Equal(Step(answer, 5).GetProperty("snapshot_id").GetString(), Step(answer, 6).GetProperty("snapshot_id").GetString());
        Assert.Equal($"resource not found: sandbox {second}", Step(answer, 8).GetProperty("error").GetString());
        Assert.Single(api.Sandboxes.List(null));
    }

    [Fact]
    public async Task A_failure_of_the_runtime_is_a_coded_step_and_one_that_nobody_foresaw_is_internal()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string run = Run(Exec(sandbox, "true"), $$"""{"action":"snapshot","sandbox_id":"{{sandbox}}"}""");

        api.Sandboxes.Fail = new RuntimeException(ErrorKind.SnapshotFailed, "the snapshot failed");
        JsonElement failed = Step(await api.SendAsync("POST", "/workflow/run", run, token), 1);
        api.Sandboxes.Fail = null;
        api.Sandboxes.Break = new InvalidOperationException("secret cause");
        Answer broken = await api.SendAsync("POST", "/workflow/run", run, token);

        Assert.Equal(("the snapshot failed", "snapshot_failed", sandbox), (failed.GetProperty("error").GetString(), failed.GetProperty("code").GetString(), failed.GetProperty("sandbox_id").GetString()));
        Assert.Equal("succeeded", Step(broken, 0).GetProperty("status").GetString());
        Assert.Equal("internal", Step(broken, 1).GetProperty("code").GetString());
        Assert.DoesNotContain("secret cause", broken.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shutting_down_ends_the_run_with_what_was_reached()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (_, _) => api.Host.Stop();

        Answer answer = await api.SendAsync("POST", "/workflow/run", Run(Exec(sandbox, "long", ",\"continue_on_error\":true"), Exec(sandbox, "next")), token);

        JsonElement step = Step(answer, 0);
        string exec = step.GetProperty("exec_id").GetString()!;
        Assert.Equal(("failed", true, 1), (answer.Text("status"), answer.Root.GetProperty("stopped_early").GetBoolean(), api.Execs.Starts));
        Assert.Equal(
            ($"the daemon is shutting down; call get_exec with exec_id={exec} to continue polling", "shutting_down", "running"),
            (step.GetProperty("error").GetString(), step.GetProperty("code").GetString(), step.GetProperty("result").GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_run_goes_on_to_its_end_when_its_caller_has_gone()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Gate = new TaskCompletionSource();
        using CancellationTokenSource gone = new();
        using HttpRequestMessage request = new(HttpMethod.Post, "/workflow/run")
        {
            Content = new StringContent(Run("""{"action":"create"}""", """{"action":"exec","command":"true"}""", """{"action":"snapshot"}""")),
        };
        request.Headers.Add("X-Session-Token", token);
        Task<HttpResponseMessage> call = api.Client.SendAsync(request, gone.Token);
        while (api.Sandboxes.LastSpec is null)
        {
            await Task.Delay(5);
        }

        await gone.CancelAsync();
        api.Sandboxes.Gate.SetResult();

        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        while (api.Sandboxes.List(null) is not [{ } made] || api.Sandboxes.Snapshots(made.Id).Count == 0)
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(30), "the run has ended with its caller");
            await Task.Delay(5);
        }

        Assert.Equal((0, 1), (api.Sandboxes.TakenBack, api.Execs.Starts));
        await Task.WhenAny(call);
    }

    [Fact]
    public async Task The_token_is_echoed_and_stands_in_no_log()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        Answer answer = await api.SendAsync("POST", "/workflow/run", $$"""{"session_token":"{{token}}","steps":[{"action":"fly"}]}""");

        Assert.Equal(token, answer.Text("session_token"));
        Assert.DoesNotContain(api.Log.Lines, line => line.Contains(token, StringComparison.Ordinal));
    }

    private static string Run(params string[] steps) => new JsonObject { ["steps"] = new JsonArray([.. steps.Select(s => JsonNode.Parse(s))]) }.ToJsonString();

    private static string Exec(string sandbox, string command, string more = "") =>
        $$"""{"action":"exec_command","sandbox_id":"{{sandbox}}","command":"{{command}}"{{more}}}""";

    private static JsonElement Step(Answer answer, int index) => answer.Root.GetProperty("steps")[index];

    [GeneratedRegex("((?:sbx|sid|snap|exec)_|sleigh-snapshot:)[0-9a-f]{12}")]
    private static partial Regex Ids();

    [GeneratedRegex("\"duration_ms\":[0-9]+")]
    private static partial Regex Durations();
}
