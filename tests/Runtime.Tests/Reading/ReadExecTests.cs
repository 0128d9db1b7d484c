using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.Tests.Reading;

public sealed class ReadExecTests
{
    [Fact]
    public void A_read_command_runs_without_a_shell_and_ends_after_300_seconds()
    {
        ExecSpec spec = ReadExec.Spec("grep", ["-n", "a b"], "src");

        Assert.Equal(["grep", "-n", "a b"], spec.Argv!);
        Assert.Null(spec.Command);
        Assert.Equal(("src", TimeSpan.FromSeconds(300), ExecOrigin.OpsRead), (spec.Cwd, spec.Timeout!.Value, spec.Origin));
    }

    [Fact]
    public void No_variable_that_could_change_what_a_program_does_is_passed_on()
    {
        ExecSpec spec = ReadExec.Spec("rg", ["x"], null);
        Dictionary<string, string> sandbox = new()
        {
            ["RIPGREP_CONFIG_PATH"] = "/c", ["LD_PRELOAD"] = "/l.so", ["POSIXLY_CORRECT"] = "1", ["LC_ALL"] = "zh_CN.GBK", ["TZ"] = "UTC",
        };

        IReadOnlyList<string> environment = CommandEnvironment.Build(
            ["PATH=/opt/bin::bin:/usr/bin:.", "GREP_OPTIONS=--x", "LD_LIBRARY_PATH=lib:", "HOME=/home/anna"], sandbox, spec.Env,
            new ResolvedUser(0, 0, [], "/root", "root"), "box", passed: spec.PassedVariables);

        Assert.Equal(
            ["HOME=/home/anna", "HOSTNAME=box", "LC_ALL=C.UTF-8", "PATH=/opt/bin:/usr/bin", "TZ=UTC", "USER=root"], environment.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cat", ExecStatus.Succeeded, 0, null, true, 0, null)]
    [InlineData("cat", ExecStatus.Failed, 1, "command exited with status 1", false, 1, "command exited with status 1")]
    [InlineData("grep", ExecStatus.Failed, 1, "command exited with status 1", true, 1, null)]
    [InlineData("rg", ExecStatus.Failed, 1, "command exited with status 1", true, 1, null)]
    [InlineData("grep", ExecStatus.Failed, 2, "command exited with status 2", false, 2, "command exited with status 2")]
    [InlineData("fd", ExecStatus.Failed, 1, "command exited with status 1", false, 1, "command exited with status 1")]
    [InlineData("grep", ExecStatus.Failed, 1, "sandbox was deleted while the command was running", false, 1, "sandbox was deleted while the command was running")]
    [InlineData("rg", ExecStatus.Failed, null, "command could not be started: no `rg` in the image", false, 127, "rg is not installed in this sandbox's image")]
    [InlineData("rg", ExecStatus.Failed, null, "command could not be started: missing working directory x", false, null, "command could not be started: missing working directory x")]
    [InlineData("cat", ExecStatus.Cancelled, 143, null, false, 143, "read command was cancelled")]
    public void The_end_is_told_in_the_contracts_words(string command, ExecStatus status, int? code, string? error, bool ok, int? shown, string? sentence)
    {
        Exec exec = new()
        {
            Id = ExecId.New(), Sandbox = SandboxId.New(), Session = SessionId.New(), Status = status, ExitCode = code, Error = error, Started = DateTimeOffset.UnixEpoch,
        };

        Assert.Equal(new ReadEnd(ok, shown, sentence), ReadExec.Judge(command, exec));
    }
}
