using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Endpoint 25 in sandboxes that have a shell and no toolchain: the file, time limits, and the command behind the write.</summary>
[Collection(DaemonCollection.Name)]
public sealed class CodeWriteTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("K1", Part = "owner, mode and symlink")]
    public async Task A_new_file_is_the_sandboxs_users_with_its_directories_and_an_edit_keeps_owner_mode_and_link()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("user", "anna"));

        JsonObject made = await WriteAsync(sandbox, Replace("/srv/app//new/../new/a.txt", "one\ntwo\none\n"));
        Assert.Equal(("ok", "/srv/app/new/a.txt", 12L), (Text(made, "status"), Text(made, "sandbox_path"), (long)made["bytes_written"]!));
        Assert.Equal("""["a.txt"]""", made["applied_files"]!.ToJsonString());
        Assert.Equal("1000:1001 644 1000:1001 755\n", await RootAsync(sandbox, "stat -c '%u:%g %a' /srv/app/new/a.txt /srv/app | tr '\\n' ' ' | sed 's/ $//'; echo"));

        await RootAsync(sandbox, "chown 7:8 /srv/app/new/a.txt; chmod 4751 /srv/app/new/a.txt; mkdir /l; ln -s ../srv/app/new/a.txt /l/link; ln -s ../l/made /l/dangling");
        JsonObject ambiguous = await WriteAsync(sandbox, Edit("/l/link", "one\n", "1\n"));
        Assert.Equal(("error", "ambiguous_match"), (Text(ambiguous, "status"), Text(ambiguous, "code")));
        Assert.Equal("""{"matches":2,"match_lines":[1,3]}""", ambiguous["details"]!.ToJsonString());
        JsonObject first = await WriteAsync(sandbox, Edit("/l/link", "one\n", "1\n").With("occurrence", 1));
        Assert.Equal("context edit applied: file=link occurrence=1 matches=2\n", Text(first, "stdout"));
        JsonObject deleted = await WriteAsync(sandbox, Edit("/l/link", "two\n", ""));
        Assert.Equal(6L, (long)deleted["bytes_written"]!);
        Assert.Equal("1\none\n", await RootAsync(sandbox, "cat /srv/app/new/a.txt"));
        Assert.Equal("7:8 4751\nlink\n", await RootAsync(sandbox, "stat -c '%u:%g %a' /srv/app/new/a.txt; test -L /l/link && echo link"));

        Assert.Equal(0L, (long)(await WriteAsync(sandbox, Replace("/l/link", "")))["bytes_written"]!);
        await WriteAsync(sandbox, Replace("/l/dangling", "x"));
        Assert.Equal("0 7:8\nx 1000\n../l/made\n", await RootAsync(
            sandbox, "stat -c '%s %u:%g' /srv/app/new/a.txt; echo \"$(cat /l/made) $(stat -c %u /l/made)\"; readlink /l/dangling"));
        Assert.Equal("", await RootAsync(sandbox, "find / -name '*.sleigh*' -not -path '/proc/*' 2>/dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("K1", Part = "missing file")]
    public async Task An_edit_that_cannot_be_made_changes_nothing_and_says_why()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync(
            "mkdir /d; mkfifo /fifo; echo x > /file; printf 'a\\377b\\303\\n' > /bytes; ln -s /proc/self/environ /out; dd if=/dev/zero of=/big bs=1M count=17 2>/dev/null");

        Assert.Equal(("file_not_found", "context_edit no_match: sandbox_path not found"), await FailedAsync(sandbox, Edit("/d/none/x", "a", "b")));
        Assert.Equal(
            ("no_match", "context_edit no_match: snippet not found; read latest file and provide tighter before_context/after_context"),
            await FailedAsync(sandbox, Edit("/file", "y", "b")));
        Assert.Equal(
            ("occurrence_out_of_range", "context_edit ambiguous_match: occurrence=5 exceeds match count=1"),
            await FailedAsync(sandbox, Edit("/file", "x", "b").With("occurrence", 5)));
        foreach (string path in (string[])["/d", "/fifo", "/out"])
        {
            Assert.Equal(("not_a_file", "sandbox_path is not a regular file"), await FailedAsync(sandbox, Edit(path, "a", "b")));
            Assert.Equal(("not_a_file", "sandbox_path is not a regular file"), await FailedAsync(sandbox, Replace(path, "b")));
        }

        Assert.Equal(("file_too_large", "context_edit refused: file is larger than 16 MiB"), await FailedAsync(sandbox, Edit("/big", "a", "b")));
        Assert.Equal(("write_failed", "ensure sandbox path failed"), await FailedAsync(sandbox, Replace("/file/below/x", "b")));
        Assert.Equal(
            ("write_failed", "write to sandbox failed: path /etc/hosts is not allowed: something is mounted there"), await FailedAsync(sandbox, Replace("/etc/hosts", "b")));
        Assert.Equal("x\n1\n", await sandbox.RunAsync("cat /file; ls -d /d/* /file/* 2>/dev/null; ls / | grep -c '^fifo$'"));

        await WriteAsync(sandbox, Edit("/bytes", "b", "c"));
        Assert.Equal("61 ff 63 c3 0a\n", await sandbox.RunAsync("od -An -tx1 /bytes | sed 's/^ //'"));
        await WriteAsync(sandbox, Replace("/big", "small"));
        Assert.Equal("small", await sandbox.RunAsync("cat /big"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Readers_see_whole_files_only_and_no_edit_of_many_at_a_time_is_lost()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string[] texts = [new('a', 300_000), new('b', 200_000)];
        await WriteAsync(sandbox, Replace("/f", texts[0]));
        string reader = await sandbox.StartAsync("while [ ! -e /stop ]; do cat /f | sed 's/\\(.\\).*/\\1/' | head -c 1; wc -c < /f; done | sort | uniq | tr -d '\\n'");
        for (int i = 1; i <= 40; i++)
        {
            await WriteAsync(sandbox, Replace("/f", texts[i % 2]));
        }

        await WriteAsync(sandbox, Replace("/lines", string.Concat(Enumerable.Range(0, 24).Select(i => $"<{i}>\n"))));
        JsonObject[] edits = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => WriteAsync(sandbox, Edit("/lines", $"<{i}>", $"<{i}!>"))));
        await sandbox.RunAsync("touch /stop");

        Assert.All(edits, edit => Assert.Equal("ok", Text(edit, "status")));
        Assert.Equal("24\n", await sandbox.RunAsync("grep -c '^<[0-9]*!>$' /lines"));
        string seen = (await sandbox.FinalAsync(reader)).Stdout;
        Assert.Matches("^(a|b|200000|300000)+$", seen);
        Assert.Contains('a', seen);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("K2", Part = "a missing tool")]
    public async Task A_missing_tool_is_not_run_with_its_reason_and_the_write_stays()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        foreach ((string file, string language, string check, string build) in ((string, string, string, string)[])
            [("a.py", "python", "python3", "python3"), ("a.go", "go", "gofmt", "go"), ("a.mjs", "node", "node", ""), ("a.rs", "rust", "rustfmt", "cargo")])
        {
            JsonObject written = await WriteAsync(sandbox, Replace($"/w/{file}", "x").With("build_language", language).With("revert_on_failure", true));

            Assert.Equal(("ok", "not_run", $"{check} is not installed in the sandbox"), (Text(written, "status"), Text(written, "quality_checks_status"), Text(written, "quality_checks_reason")));
            Assert.Equal(("not_run", build.Length > 0 ? $"{build} is not installed in the sandbox" : "there is no package.json in the file's directory or above"), (Text(written, "build_status"), Text(written, "build_reason")));
            Assert.Null(written["reverted"]);
        }

        JsonObject text = await WriteAsync(sandbox, Replace("/w/a.txt", "x"));
        Assert.Equal(("there is no check for .txt files", "build_language was not sent"), (Text(text, "quality_checks_reason"), Text(text, "build_reason")));
        Assert.Equal("a.go\na.mjs\na.py\na.rs\na.txt\n", await sandbox.RunAsync("ls /w"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_check_that_takes_too_long_is_ended_with_its_children_and_the_old_file_is_put_back()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await ToolAsync(sandbox, "python3", "trap '' TERM; echo begun; sh -c \"trap '' TERM; sleep 300\" & sleep 300");
        await sandbox.RunAsync("mkdir /w; printf old > /w/a.py; chown 5:6 /w/a.py; chmod 600 /w/a.py");

        long begin = Stopwatch.GetTimestamp();
        JsonObject changed = await WriteAsync(sandbox, Replace("/w/a.py", "new").With("timeout_seconds", 2).With("revert_on_failure", true));
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        JsonObject created = await WriteAsync(sandbox, Replace("/w/b.py", "new").With("timeout_seconds", 1).With("revert_on_failure", true));
        JsonObject kept = await WriteAsync(sandbox, Replace("/w/c.py", "new").With("timeout_seconds", 1));

        Assert.Equal(("timed_out", "language quality checks timed out for \"python\""), (Text(changed, "code"), Text(changed, "error")));
        Assert.True((bool)changed["timed_out"]! && (bool)changed["reverted"]!, changed.ToJsonString());
        Assert.Equal(("failed", "not_run", "the checks failed", "begun\n", 3L), (
            Text(changed, "quality_checks_status"), Text(changed, "build_status"), Text(changed, "build_reason"), Text(changed, "stdout"), (long)changed["bytes_written"]!));
        Assert.InRange(took.TotalSeconds, 1.9, 6.5);
        Assert.True((bool)created["reverted"]!);
        Assert.Null(created["bytes_written"]);
        Assert.Equal((null, 3L), ((bool?)kept["reverted"], (long)kept["bytes_written"]!));
        Assert.Equal("old 5:6 600\na.py\nc.py\n", await sandbox.RunAsync("echo \"$(cat /w/a.py) $(stat -c '%u:%g %a' /w/a.py)\"; ls /w"));
        Assert.Equal("0\n", await sandbox.RunAsync("ps | grep -c '[s]leep 300'; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("K2", Part = "revert")]
    public async Task A_failed_build_takes_the_write_back_unless_another_call_has_written_the_file_meanwhile()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await ToolAsync(sandbox, "go", "while [ ! -e /go-on ]; do sleep 0.1; done; echo why >&2; exit 1");
        await sandbox.RunAsync("mkdir /w; printf 1 > /w/a.txt; ln -s made /w/link");
        JsonObject Build(string path, string content) => Replace(path, content).With("build_language", "go").With("revert_on_failure", true);

        Task<JsonObject> overtaken = WriteAsync(sandbox, Build("/w/a.txt", "2"));
        Task<JsonObject> dangling = WriteAsync(sandbox, Build("/w/link", "2"));
        await Poll.UntilAsync(async () => await sandbox.RunAsync("cat /w/a.txt /w/made 2>/dev/null; true") == "22", 20, () => "the writes did not come");
        Assert.Equal("ok", Text(await WriteAsync(sandbox, Replace("/w/a.txt", "3")), "status"));
        await sandbox.RunAsync("touch /go-on");

        Assert.Equal(("build_failed", "build failed for language \"go\""), (Text(await overtaken, "code"), Text(await overtaken, "error")));
        Assert.Null((await overtaken)["reverted"]);
        Assert.Equal("why\nrevert_on_failure: the file was not put back: another call has written it meanwhile\n", Text(await overtaken, "stderr"));
        Assert.True((bool)(await dangling)["reverted"]!);
        Assert.Equal("3made\n", await sandbox.RunAsync("cat /w/a.txt; readlink /w/link; ls /w/made 2>/dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Rollback_and_delete_end_checks_and_nothing_is_put_back_into_other_files()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await ToolAsync(sandbox, "python3", "touch /begun; sleep 300");
        await sandbox.RunAsync("mkdir /w; printf old > /w/a.py");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("printf later > /w/a.py");

        Task<JsonObject> rolled = WriteAsync(sandbox, Replace("/w/a.py", "new").With("revert_on_failure", true));
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -e /begun")).ExitCode == 0, 20, () => "the check did not begin");
        await sandbox.RollbackAsync(snapshot);
        JsonObject answer = await rolled.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("error", "quality_failed"), (Text(answer, "status"), Text(answer, "code")));
        Assert.Null(answer["reverted"]);
        Assert.Contains("sandbox was rolled back while the command was running\n", Text(answer, "stderr"), StringComparison.Ordinal);
        Assert.Equal("old", await sandbox.RunAsync("cat /w/a.py"));

        Task<(int Status, JsonObject Body)> deleted = Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", Replace("/w/a.py", "new"));
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -e /begun")).ExitCode == 0, 20, () => "the check did not begin");
        await Client.DeleteAsync(sandbox.Id);
        (int status, JsonObject body) = await deleted.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((404, "not_found"), (status, Text(body, "code")));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("K3", Part = "202 and 200")]
    public async Task A_command_behind_the_write_is_an_exec_that_is_waited_for_only_when_asked()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        JsonObject Post(string command) => Replace("/w/a.py", "text\n").With("post_exec_command", command);

        (int accepted, JsonObject begun) = await CallAsync(sandbox, Post("sleep 0.2; cat /w/a.py"));
        Assert.Equal((202, "running", "code_write"), (accepted, Text(begun, "status"), Text(begun, "origin")));
        Assert.Equal("""{"status":"ok","applied_files":["a.py"],"sandbox_path":"/w/a.py","bytes_written":5}""", begun["write"]!.ToJsonString());
        Assert.Equal(("succeeded", "text\n"), ((await sandbox.FinalAsync(Text(begun, "id"))).Status, (await sandbox.FinalAsync(Text(begun, "id"))).Stdout));

        (int waited, JsonObject ended) = await CallAsync(sandbox, Post("cat /w/a.py; exit 3").With("post_exec_wait_timeout_seconds", 20));
        Assert.Equal((200, "failed", 3, "text\n"), (waited, Text(ended, "status"), (int)ended["exit_code"]!, Text(ended, "stdout")));

        long begin = Stopwatch.GetTimestamp();
        (int over, JsonObject running) = await CallAsync(sandbox, Post("sleep 30").With("post_exec_wait_timeout_seconds", 25).With("timeout_seconds", 2));
        Assert.Equal((200, "running"), (over, Text(running, "status")));
        Assert.Equal($"still running after wait timeout (2s); call get_exec with exec_id={Text(running, "id")} to continue polling", Text(running, "error"));
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1.5, 10);
        Assert.Equal("running", (await Client.ExecOfAsync(sandbox.Id, Text(running, "id"))).Status);
        await Client.CancelAsync(sandbox.Id, Text(running, "id"));

        (int failed, JsonObject edit) = await CallAsync(sandbox, Edit("/w/a.py", "none", "x").With("post_exec_command", "touch /ran"));
        Assert.Equal((200, "no_match"), (failed, Text(edit, "code")));
        Assert.NotEqual(0, (await sandbox.ExecAsync("test -e /ran")).ExitCode);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_caller_who_goes_away_does_not_stop_it_and_it_is_told_as_an_event()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await ToolAsync(sandbox, "python3", "touch /begun; sleep 1; touch /checked; exit 1");
        await sandbox.RunAsync("printf old > /a.py");
        using CancellationTokenSource leave = new();
        Task<(int, JsonObject)> gone = Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", Replace("/a.py", "new").With("revert_on_failure", true), leave.Token);
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -e /begun")).ExitCode == 0, 20, () => "the check did not begin");
        Assert.Equal("new", await sandbox.RunAsync("cat /a.py"));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);

        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -e /checked && test $(cat /a.py) = old")).ExitCode == 0, 20, () => "it did not go on to its end");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_killed_while_a_check_runs_leaves_the_new_file_whole_and_nothing_beside_it()
    {
        await using TestDaemon daemon = new();
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await using TestSandbox sandbox = new(client, await client.NewAsync(await images.HaveAsync(TestImages.Busybox)));
        await ToolAsync(sandbox, "python3", "touch /begun; sleep 300");
        await sandbox.RunAsync("mkdir /w; printf old > /w/a.py");
        Task<(int, JsonObject)> cut = client.CallAsync(
            "POST", $"/sandboxes/{sandbox.Id}/ops/code/write", Replace("/w/a.py", "new").With("revert_on_failure", true).With("timeout_seconds", 8));
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -e /begun")).ExitCode == 0, 20, () => "the check did not begin");

        await daemon.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => cut);
        client.DropConnections();
        await daemon.StartAsync();

        Assert.Equal("newa.py\n", await sandbox.RunAsync("cat /w/a.py; ls -A /w"));
        await Poll.UntilAsync(async () => await sandbox.RunAsync("ps | grep -c '[s]leep 300'; true") == "0\n", 30, () => "the check goes on for ever");
        Assert.Equal("ok", Text(JsonNode.Parse((await client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", Replace("/w/b.txt", "x"), 200)).ToJsonString())!.AsObject(), "status"));
    }

    private static JsonObject Replace(string path, string content) =>
        JsonFields.Of("sandbox_path", path).With("write_mode", "replace_file").With("content", content);

    private static JsonObject Edit(string path, string old, string replacement) =>
        JsonFields.Of("sandbox_path", path).With("old_text", old).With("new_text", replacement);

    private static string Text(JsonObject reply, string name) => (string?)reply[name] ?? throw new InvalidOperationException($"no {name} in {reply.ToJsonString()}");

    // A program of the sandbox's own, as any process in it could put it there.
    private static Task<string> ToolAsync(TestSandbox sandbox, string name, string script) => RootAsync(
        sandbox, $"mkdir -p /usr/local/bin; cat > /usr/local/bin/{name} <<'END'\n#!/bin/sh\n{script}\nEND\nchmod 755 /usr/local/bin/{name}");

    private static Task<string> RootAsync(TestSandbox sandbox, string command) => sandbox.RunAsync(command, JsonFields.Of("user", "0"));

    private Task<(int Status, JsonObject Body)> CallAsync(TestSandbox sandbox, JsonObject request) =>
        Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", request);

    private Task<JsonObject> WriteAsync(TestSandbox sandbox, JsonObject request) =>
        Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/ops/code/write", request, 200);

    private async Task<(string Code, string Error)> FailedAsync(TestSandbox sandbox, JsonObject request)
    {
        JsonObject answer = await WriteAsync(sandbox, request);
        Assert.Equal(("error", "not_run", "nothing was written"), (Text(answer, "status"), Text(answer, "quality_checks_status"), Text(answer, "build_reason")));
        Assert.Null(answer["applied_files"]);
        return (Text(answer, "code"), Text(answer, "error"));
    }
}
