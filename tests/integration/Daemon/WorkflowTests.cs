using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Endpoint 26 against the real daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class WorkflowTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("F1", Part = "$created, $snapshot")]
    public async Task One_run_makes_a_sandbox_works_in_it_takes_it_back_and_deletes_it()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);

        JsonObject run = await RunAsync(
            new JsonObject { ["action"] = "create_sandbox", ["sandbox_id"] = "new", ["image"] = image, ["memory_limit_mb"] = 64, ["image_pull_policy"] = "notify" },
            Step("exec_command", "command", "echo one > /f; cat /f"),
            Step("create_snapshot", "name", "one"),
            Step("exec", "command", "echo two > /f; cat /f"),
            Step("rollback_snapshot", "snapshot_id", "$snapshot"),
            Step("EXEC", "command", "cat /f"),
            Step("delete", "name", "not looked at"));

        Assert.True((string?)run["status"] == "succeeded", run.ToJsonString());
        Assert.Equal((fixture.Client.Token, fixture.Client.SessionId, false), ((string?)run["session_token"], (string?)run["session_id"], (bool?)run["stopped_early"]));
        Assert.Equal(
            ["create_sandbox", "exec_command", "create_snapshot", "exec_command", "rollback_snapshot", "exec_command", "delete_sandbox"],
            Steps(run).Select(s => (string)s["action"]!));
        Assert.Equal(["one\n", "two\n", "one\n"], Steps(run).Where(s => (string?)s["action"] == "exec_command").Select(s => (string)s["result"]!["stdout"]!));
        Assert.Equal("running", (string?)Steps(run)[0]["result"]!["status"]);
        Assert.Equal(Steps(run)[2]["snapshot_id"]!.ToString(), (string?)Steps(run)[4]["result"]!["rolled_back_to"]);
        Assert.Single(Steps(run).Select(s => (string)s["sandbox_id"]!).Distinct());
        (int gone, _) = await fixture.Client.CallAsync("GET", $"/sandboxes/{Steps(run)[0]["sandbox_id"]}");
        Assert.Equal(404, gone);
        Assert.All(Steps(run), s => Assert.True((int)s["duration_ms"]! <= (int)run["duration_ms"]!));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("F1", Part = "final results, failing command, continue_on_error")]
    public async Task A_failing_command_ends_the_run_unless_it_may_fail_and_its_result_is_the_final_one()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        JsonObject stopped = await RunAsync(In(sandbox, "sleep 0.3; echo out; echo bad >&2; exit 3"), In(sandbox, "touch /never"));
        JsonObject goesOn = await RunAsync(In(sandbox, "exit 4").With("continue_on_error", true), In(sandbox, "ls /never; echo there"));

        Assert.Equal(("failed", true, 1), ((string?)stopped["status"], (bool?)stopped["stopped_early"], Steps(stopped).Length));
        JsonObject failed = Steps(stopped)[0];
        Assert.Equal(("failed", "command exited with status 3"), ((string?)failed["status"], (string?)failed["error"]));
        ExecReply result = new(failed["result"]!.AsObject());
        Assert.Equal(("failed", 3, "out\n", "bad\n", "workflow"), (result.Status, result.ExitCode, result.Stdout, result.Stderr, (string?)result.Json["origin"]));
        Assert.NotNull(result.Json["usage"]);
        Assert.Equal(("failed", false), ((string?)goesOn["status"], (bool?)goesOn["stopped_early"]));
        Assert.Equal(["failed", "succeeded"], Steps(goesOn).Select(s => (string)s["status"]!));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_wait_that_is_over_ends_the_run_and_the_command_goes_on()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        JsonObject run = await RunAsync(In(sandbox, "echo early; sleep 2; echo late").With("wait_timeout_seconds", 1), In(sandbox, "true"));

        JsonObject step = Steps(run).Single();
        string exec = (string)step["exec_id"]!;
        Assert.Equal(("timed_out", "timed_out", true), ((string?)run["status"], (string?)step["status"], (bool?)step["timed_out"]));
        Assert.Equal($"exec step timed out after 1s; call get_exec with exec_id={exec} to continue polling", (string?)step["error"]);
        Assert.Equal("early\nlate\n", (await sandbox.FinalAsync(exec)).Stdout);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_run_whose_caller_has_gone_goes_on_to_its_end()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        using CancellationTokenSource gone = new();
        JsonObject body = new()
        {
            ["steps"] = new JsonArray(In(sandbox, "touch /begun; sleep 1.5; touch /second"), Step("snapshot", "sandbox_id", sandbox.Id), In(sandbox, "touch /end")),
        };
        Task call = fixture.Client.CallAsync("POST", "/workflow/run", body, gone.Token);
        await Poll.UntilAsync(async () => await sandbox.RunAsync("ls /begun 2> /dev/null || true") != "", 10, () => "the first step does not begin");

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        await Poll.UntilAsync(async () => await sandbox.RunAsync("ls /end 2> /dev/null || true") != "", 20, () => "the run has ended with its connection");
        JsonObject snapshots = await fixture.Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots", null, 200);
        Assert.Single(snapshots["items"]!.AsArray());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Shutting_down_ends_a_long_wait_with_what_was_reached()
    {
        await using TestDaemon daemon = new();
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        JsonObject body = new()
        {
            ["steps"] = new JsonArray(new JsonObject
            {
                ["action"] = "exec", ["sandbox_id"] = sandbox, ["command"] = "touch /begun; sleep 300", ["wait_timeout_seconds"] = 200,
            }),
        };
        Task<JsonObject> call = client.SendAsync("POST", "/workflow/run", body, 200);
        await Poll.UntilAsync(async () => await client.RunAsync(sandbox, "ls /begun 2> /dev/null || true") != "", 10, () => "the step does not begin");

        long begin = Stopwatch.GetTimestamp();
        await daemon.TerminateAsync();
        JsonObject run = await call;

        Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds < 20);
        Assert.Equal(("failed", "shutting_down", "running"), ((string?)run["status"], (string?)Steps(run)[0]["code"], (string?)Steps(run)[0]["result"]!["status"]));
        await daemon.StartAsync();
        await client.DeleteAsync(sandbox);
    }

    private Task<JsonObject> RunAsync(params JsonObject[] steps) =>
        fixture.Client.SendAsync("POST", "/workflow/run", new JsonObject { ["steps"] = new JsonArray([.. steps]) }, 200);

    private static JsonObject In(TestSandbox sandbox, string command) =>
        new() { ["action"] = "exec_command", ["sandbox_id"] = sandbox.Id, ["command"] = command, ["wait_timeout_seconds"] = 60 };

    private static JsonObject Step(string action, string field, string value) => new() { ["action"] = action, ["sandbox_id"] = "$created", [field] = value };

    private static JsonObject[] Steps(JsonObject run) => [.. run["steps"]!.AsArray().Select(s => s!.AsObject())];
}
