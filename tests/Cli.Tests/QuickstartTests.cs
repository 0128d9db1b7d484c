using System.Text.Json.Nodes;
using Sleigh.Cli.Quickstart;

namespace Sleigh.Cli.Tests;

public sealed class QuickstartTests
{
    [Fact]
    public async Task The_whole_task_passes_on_sandboxes_that_keep_their_promises()
    {
        await using var daemon = new FakeDaemon();

        CliRun run = await CliRun.OfAsync(["quickstart"], daemon.SocketPath);

        Assert.True(run.ExitCode == 0, run.Stdout + run.Stderr);
        string[] lines = run.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines[..^1], line => Assert.Matches(@"^ok +[0-9.]+ ms  .+: .+$", line));
        Assert.StartsWith("quickstart passed: 14 steps in ", lines[^1], StringComparison.Ordinal);
        Assert.Equal(0, daemon.SandboxCount);
    }

    [Fact]
    public async Task A_rollback_that_does_nothing_is_caught_and_cleaned_up_after()
    {
        await using var daemon = new FakeDaemon { RollbackLies = true };

        CliRun run = await CliRun.OfAsync(["quickstart", "-o", "json"], daemon.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.False((bool?)run.Json["passed"]);
        JsonObject[] steps = [.. run.Json["steps"]!.AsArray().Select(s => (JsonObject)s!)];
        JsonObject failed = Assert.Single(steps, s => (bool?)s["ok"] == false);
        Assert.Equal("roll back", (string?)failed["name"]);
        Assert.StartsWith("files after the rollback: expected '", (string?)failed["failure"], StringComparison.Ordinal);
        Assert.Equal("clean up", (string?)steps[^1]["name"]);
        Assert.Equal(0, daemon.SandboxCount);
    }

    [Fact]
    public async Task Forks_that_share_their_files_are_caught()
    {
        await using var daemon = new FakeDaemon { ForksShareFiles = true };

        CliRun run = await CliRun.OfAsync(["quickstart"], daemon.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("FAIL", run.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("ms\n", run.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_is_not_ready_is_the_first_step_to_fail()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            503, """{"error":"not ready","code":"not_ready","checks":[{"name":"containerd","ok":false,"message":"no answer"}]}"""));

        CliRun run = await CliRun.OfAsync(["quickstart"], server.SocketPath);

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Matches(@"FAIL +[0-9.]+ ms  daemon: /readyz: expected every check ok, saw 'containerd \(no answer\)'", run.Stdout);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Each_change_differs_from_the_project_and_from_the_others()
    {
        Assert.All(PythonProject.Changes, c => Assert.NotEqual(PythonProject.Files[c.Path], c.Content));
        Assert.Equal(PythonProject.Changes.Count + 1, PythonProject.Changes.Select(c => c.Report).Append(PythonProject.Report).Distinct().Count());
        Assert.NotEqual(PythonProject.Files[PythonProject.Target], PythonProject.BrokenTarget);
    }

    [Fact]
    public void A_step_shows_its_time_and_what_was_found()
    {
        Assert.Equal("ok      8.4 ms  snapshot: taken", new Step("snapshot", 8.44, "taken", null).ToLine());
        Assert.Equal("FAIL   1250 ms  tests: expected 0, saw 1", new Step("tests", 1250, null, "expected 0, saw 1").ToLine());
    }
}
