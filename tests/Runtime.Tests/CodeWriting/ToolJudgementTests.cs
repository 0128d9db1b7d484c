using Sleigh.Runtime.CodeWriting;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class ToolJudgementTests
{
    private static readonly Exec Failed = new()
    {
        Id = ExecId.New(), Sandbox = SandboxId.Parse("sbx_000000000001"), Session = SessionId.Parse("sid_000000000001"), Status = ExecStatus.Failed,
        Started = DateTimeOffset.UnixEpoch, ExitCode = 1, Error = "command exited with status 1",
    };

    [Fact]
    public void An_exit_status_is_success_or_failure()
    {
        Assert.Equal((ToolEnd.Succeeded, null), SandboxWorkplace.Judge(Failed with { Status = ExecStatus.Succeeded, ExitCode = 0, Error = null }, "x"));
        Assert.Equal((ToolEnd.Failed, null), SandboxWorkplace.Judge(Failed, "x"));
    }

    [Fact]
    public void Its_own_time_limit_is_the_time_being_over() =>
        Assert.Equal((ToolEnd.TimedOut, null), SandboxWorkplace.Judge(Failed with { TimedOut = true, ExitCode = 143 }, "x"));

    [Fact]
    public void A_program_that_is_not_there_is_missing() => Assert.Equal(
        (ToolEnd.Missing, null),
        SandboxWorkplace.Judge(Failed with { ExitCode = null, Error = "command could not be started: no `gofmt` in the image" }, "gofmt"));

    [Theory]
    [InlineData("command could not be started: missing working directory /w")]
    [InlineData("command could not be started: `gofmt` may not be executed")]
    public void One_that_cannot_be_started_is_not_run_with_the_reason(string error) =>
        Assert.Equal((ToolEnd.NotStarted, error), SandboxWorkplace.Judge(Failed with { ExitCode = null, Error = error }, "gofmt"));

    [Fact]
    public void What_came_upon_it_is_told()
    {
        const string Rolled = "sandbox was rolled back while the command was running";

        Assert.Equal((ToolEnd.Failed, Rolled), SandboxWorkplace.Judge(Failed with { ExitCode = null, Error = Rolled }, "x"));
        Assert.Equal((ToolEnd.Failed, Rolled), SandboxWorkplace.Judge(Failed with { ExitCode = 137, Error = Rolled }, "x"));
        OomReport oom = new(true, 1, 1, 0, "give it more memory");
        Assert.Equal((ToolEnd.Failed, oom.Advice), SandboxWorkplace.Judge(Failed with { ExitCode = 137, Oom = oom }, "x"));
        Assert.Equal((ToolEnd.Failed, "it was cancelled"), SandboxWorkplace.Judge(Failed with { Status = ExecStatus.Cancelled }, "x"));
    }
}
