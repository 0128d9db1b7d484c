using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

public sealed class DoctorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-doctor-").FullName;

    private string NoSocket => Path.Combine(_folder, "none.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_daemon_that_answers_is_asked_and_the_counts_are_the_last_line()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"items":[{"name":"kernel","result":"ok","seen":"6.12"},{"name":"swap","result":"warn","seen":"none"},{"name":"psi","result":"warn","seen":"off","remedy":"psi=1"}]}"""));

        CliRun run = await CliRun.OfAsync(["doctor"], server.SocketPath);

        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Stderr));
        Assert.Equal("ok    kernel  6.12\nwarn  swap    none\nwarn  psi     off\n              -> psi=1\n1 ok, 2 warnings, 0 failed\n", run.Stdout);
    }

    [Fact]
    public async Task Without_a_daemon_sleighd_makes_the_checks_and_its_absence_is_the_first_of_them()
    {
        Install("""echo '{"items":[{"name":"kernel","result":"ok","seen":"6.12"}]}'""");

        CliRun people = await RunAsync("doctor");
        CliRun programs = await RunAsync("doctor", "-o", "json");

        Assert.Equal(ExitCode.Failure, people.ExitCode);
        Assert.Equal(
            $"cannot reach the daemon at {NoSocket}: there is no such socket; these are the checks of {_folder}/sleighd itself\n", people.Stderr);
        Assert.StartsWith($"fail  daemon  cannot reach the daemon at {NoSocket}: there is no such socket\n", people.Stdout, StringComparison.Ordinal);
        Assert.Contains("-> systemctl status sleigh", people.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("ok    kernel  6.12\n1 ok, 0 warnings, 1 failed\n", people.Stdout, StringComparison.Ordinal);
        Assert.Equal("", programs.Stderr);
        Assert.Equal(["daemon", "kernel"], programs.Json["items"]!.AsArray().Select(i => (string?)i!["name"]));
        Assert.Equal(["fail", "ok"], programs.Json["items"]!.AsArray().Select(i => (string?)i!["result"]));
    }

    [Fact]
    public async Task It_is_asked_for_JSON_whatever_the_answer_is_to_be()
    {
        Install($"echo \"$@\" > {_folder}/asked; echo '{{\"items\":[]}}'");

        await RunAsync("doctor", "-o", "yaml");

        Assert.Equal("doctor -o json\n", await File.ReadAllTextAsync(Path.Combine(_folder, "asked"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_either_both_are_named()
    {
        CliRun run = await RunAsync("doctor");

        Assert.Equal((ExitCode.Failure, ""), (run.ExitCode, run.Stdout));
        Assert.Equal(
            "sleighctl: sleighd was not found beside sleighctl, in ../sleighd, ../sbin or PATH; it is what checks a host, and "
            + $"cannot reach the daemon at {NoSocket}: there is no such socket\n  install it, or add its folder to PATH\n",
            run.Stderr);
    }

    [Fact]
    public async Task A_sleighd_that_knows_no_doctor_is_quoted()
    {
        Install("echo \"sleighd: unknown argument 'doctor'\" >&2; exit 2");

        CliRun run = await RunAsync("doctor", "-o", "json");

        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Equal(
            $"cannot reach the daemon at {NoSocket}: there is no such socket; and {_folder}/sleighd doctor says: sleighd: unknown argument 'doctor'",
            (string?)JsonNode.Parse(run.Stderr)!["error"]);
    }

    private Task<CliRun> RunAsync(params string[] arguments) => CliRun.OfAsync(arguments, NoSocket, environment: name => name == "PATH" ? _folder : null);

    private void Install(string script)
    {
        string path = Path.Combine(_folder, "sleighd");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
