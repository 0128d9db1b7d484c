using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Commands as the contract describes them: waits, limits, users, results.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ExecTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E2")]
    public async Task A_wait_that_is_over_answers_the_running_exec_with_the_text_and_what_it_wrote()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        ExecReply waited = await sandbox.ExecAsync("echo early; sleep 2; echo late", JsonFields.Of("wait_timeout_seconds", 1));

        Assert.Equal("running", waited.Status);
        Assert.Equal($"still running after wait timeout (1s); call get_exec with exec_id={waited.Id} to continue polling", waited.Error);
        Assert.Equal("early\n", waited.Stdout);
        ExecReply final = await sandbox.FinalAsync(waited.Id);
        Assert.Equal(("succeeded", "early\nlate\n"), (final.Status, final.Stdout));
        Assert.Null(final.Error);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_exec_that_is_not_waited_for_answers_at_once_and_shows_its_output_while_it_runs()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        string exec = await sandbox.StartAsync("echo begun; sleep 30");

        await Poll.UntilAsync(
            async () => (await fixture.Client.ExecOfAsync(sandbox.Id, exec)) is { Status: "running", Stdout: "begun\n", StdoutBytes: 6 }, 10, () => "no output while running");
        ExecReply cancelling = await fixture.Client.CancelAsync(sandbox.Id, exec);
        Assert.Equal("cancelling", cancelling.Status);
        ExecReply final = await sandbox.FinalAsync(exec);
        Assert.Equal(("cancelled", 143), (final.Status, final.ExitCode));
        Assert.Null(final.Error);
        Assert.Equal(final.ToString(), (await fixture.Client.CancelAsync(sandbox.Id, exec)).ToString());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E5", Part = "cancel")]
    public async Task Cancel_ends_a_tree_of_detached_grandchildren_that_ignore_TERM_within_the_grace_time()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string exec = await sandbox.StartAsync(StubbornTree);
        await TreeIsUpAsync(sandbox);

        long begin = Stopwatch.GetTimestamp();
        await fixture.Client.CancelAsync(sandbox.Id, exec);
        ExecReply final = await sandbox.FinalAsync(exec);

        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.9, 3);
        Assert.Equal(("cancelled", 137), (final.Status, final.ExitCode));
        Assert.Equal("0\n", await sandbox.RunAsync(CountSleeps));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E5", Part = "timeout_seconds")]
    public async Task A_time_limit_ends_the_same_tree_and_says_so()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        long begin = Stopwatch.GetTimestamp();
        ExecReply final = await sandbox.ExecAsync(StubbornTree, JsonFields.Of("timeout_seconds", 1));

        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1.9, 4);
        Assert.Equal(("failed", true, "command timed out after 1s and was stopped"), (final.Status, final.TimedOut, final.Error));
        Assert.Equal("0\n", await sandbox.RunAsync(CountSleeps));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E3")]
    public async Task Status_and_text_of_a_failed_command_are_the_shells_own()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        ExecReply three = await sandbox.ExecAsync("echo out; echo bad >&2; exit 3");
        ExecReply killed = await sandbox.ExecAsync("kill -9 $$");
        ExecReply segv = await sandbox.ExecAsync("kill -SEGV $$");
        ExecReply missing = await sandbox.ExecAsync("no-such-program");

        Assert.Equal(("failed", 3, "command exited with status 3", "out\n", "bad\n"), (three.Status, three.ExitCode, three.Error, three.Stdout, three.Stderr));
        Assert.Equal((137, "command exited with status 137"), (killed.ExitCode, killed.Error));
        Assert.Equal(139, segv.ExitCode);
        Assert.Equal(127, missing.ExitCode);
        Assert.False(killed.Json.ContainsKey("oom"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E10", Part = "in effect")]
    public async Task Directory_environment_user_and_input_are_as_asked_for()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["env"] = new JsonObject { ["A"] = "made", ["B"] = "made" } });

        Assert.Equal("/tmp\n", await sandbox.RunAsync("pwd", JsonFields.Of("cwd", "/tmp")));
        Assert.Equal("made run it's $HOME\n", await sandbox.RunAsync(
            "echo \"$A $B $C\"", JsonFields.Of("env", new JsonObject { ["B"] = "run", ["C"] = "it's $HOME" })));
        Assert.Equal("one\ntwo", await sandbox.RunAsync("cat", JsonFields.Of("stdin", "one\ntwo")));
        Assert.Equal("", await sandbox.RunAsync("cat"));

        Assert.Equal("uid=1000(anna) gid=1001(anna) groups=29(audio),1001(anna)\n", await sandbox.RunAsync("id", JsonFields.Of("user", "anna")));
        Assert.Equal("uid=1000(anna) gid=1001(anna) groups=29(audio),1001(anna)\n", await sandbox.RunAsync("id", JsonFields.Of("user", "1000")));
        Assert.Equal("5 6\n", await sandbox.RunAsync("echo $(id -u) $(id -g)", JsonFields.Of("user", "5:6")));
        Assert.Equal("7 0\n", await sandbox.RunAsync("echo $(id -u) $(id -g)", JsonFields.Of("user", "7")));
        Assert.Equal("denied\n", await sandbox.RunAsync("echo x > /etc/x 2> /dev/null || echo denied", JsonFields.Of("user", "anna")));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E10", Part = "a missing directory")]
    public async Task A_command_that_cannot_start_says_why_and_has_no_status()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        foreach ((JsonObject more, string reason) in ((JsonObject, string)[])
        [
            (JsonFields.Of("cwd", "/no/such"), "missing working directory /no/such"),
            (JsonFields.Of("cwd", "/etc/passwd"), "working directory /etc/passwd is not a directory"),
            (JsonFields.Of("user", "nobody-here"), "unknown user nobody-here"),
            (JsonFields.Of("argv", new JsonArray("/no-such")), "no `/no-such` in the image"),
            (JsonFields.Of("argv", new JsonArray("/etc/passwd")), "`/etc/passwd` may not be executed"),
        ])
        {
            ExecReply exec = await sandbox.ExecAsync("true", more);
            Assert.Equal(("failed", $"command could not be started: {reason}", null), (exec.Status, exec.Error, exec.ExitCode));
            Assert.False(exec.Json.ContainsKey("usage"));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Values_that_are_wrong_are_400_with_the_field_and_start_nothing()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        foreach ((JsonObject body, string code, string field) in ((JsonObject, string, string)[])
        [
            (new JsonObject { ["command"] = "  " }, "bad_request", "command"),
            (new JsonObject { ["command"] = new string('a', 120_001) }, "invalid_argument", "command"),
            (new JsonObject { ["command"] = "true", ["timeout_seconds"] = -1 }, "invalid_argument", "timeout_seconds"),
            (new JsonObject { ["command"] = "true", ["cwd"] = "relative" }, "invalid_argument", "cwd"),
            (new JsonObject { ["command"] = "true", ["env"] = new JsonObject { ["1X"] = "" } }, "invalid_argument", "env"),
            (new JsonObject { ["command"] = "true", ["user"] = "a b" }, "invalid_argument", "user"),
            (new JsonObject { ["command"] = "true", ["wait"] = "yes" }, "invalid_json", "wait"),
        ])
        {
            (int status, JsonObject reply) = await fixture.Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/exec", body);
            Assert.Equal((400, code, field), (status, (string?)reply["code"], (string?)reply["details"]?["field"]));
        }

        (int unknown, JsonObject missing) = await fixture.Client.CallAsync("GET", $"/sandboxes/{sandbox.Id}/exec/exec_000000000000");
        Assert.Equal((404, "not_found"), (unknown, (string?)missing["code"]));
        JsonObject session = await fixture.Client.SendAsync("GET", $"/sessions/{fixture.Client.SessionId}", null, 200);
        Assert.Equal(0, (int)session["running_execs"]!);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E12")]
    public async Task A_process_left_behind_lives_on_and_does_not_hold_up_the_result()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        long begin = Stopwatch.GetTimestamp();
        string first = await sandbox.RunAsync("(i=0; while [ $i -lt 300 ]; do echo tick; echo $i > /ticks; i=$((i+1)); sleep 0.1; done) & echo left");

        Assert.StartsWith("left\n", first.Replace("tick\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds < 5);
        string before = await sandbox.RunAsync("cat /ticks");
        await Poll.UntilAsync(async () => await sandbox.RunAsync("cat /ticks") != before, 10, () => "the process that was left behind stands still");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Writing_to_dev_stdout_appends_as_any_user_and_truncates_nothing()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        const string Command = "echo one; echo two > /dev/stdout; echo three >> /dev/stdout; echo four > /dev/stderr; echo five > /proc/self/fd/1";

        foreach (string user in (string[])["0", "1000"])
        {
            ExecReply exec = await sandbox.ExecAsync(Command, JsonFields.Of("user", user));
            Assert.Equal(("one\ntwo\nthree\nfive\n", "four\n"), (exec.Stdout, exec.Stderr));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E1")]
    public async Task A_hundred_waited_execs_in_a_row_take_less_than_50_ms_each()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("true");
        List<double> times = [];
        for (int i = 0; i < 100; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            await sandbox.RunAsync("true");
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        times.Sort();
        Assert.True(times[50] < 50, $"median {times[50]:F1} ms, 95th {times[95]:F1} ms");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_65th_running_command_of_a_sandbox_is_429()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => sandbox.StartAsync("sleep 60")));

        (int status, JsonObject reply) = await fixture.Client.CallAsync(
            "POST", $"/sandboxes/{sandbox.Id}/exec", new JsonObject { ["command"] = "true" });

        Assert.Equal((429, "quota_exceeded", "running_execs_per_sandbox"), (status, (string?)reply["code"], (string?)reply["details"]?["quota"]));
    }

    private const string CountSleeps = "ps -o args | grep -c '^sleep 77' || true";

    // A shell that ignores TERM, with children in sessions of their own that do so too.
    private const string StubbornTree =
        "trap '' TERM; (trap '' TERM; setsid sh -c \"trap '' TERM; sleep 77; sleep 77\" & setsid sh -c \"trap '' TERM; setsid sleep 77; sleep 77\" & ) ; sleep 77; sleep 77";

    private static Task TreeIsUpAsync(TestSandbox sandbox) => Poll.UntilAsync(
        async () => (await sandbox.RunAsync(CountSleeps)).Trim() == "3", 10, () => "the tree of processes does not come up");
}
