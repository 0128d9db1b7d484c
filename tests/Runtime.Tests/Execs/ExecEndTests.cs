namespace Sleigh.Runtime.Tests.Execs;

public sealed class ExecEndTests
{
    [Fact]
    public void Status_0_is_success()
    {
        Assert.Equal(new ExecEnd(ExecStatus.Succeeded, 0, null, false), ExecEnd.Decide(ExecEndCause.Itself, 0, null));
    }

    [Fact]
    public void Another_status_is_named_in_the_error()
    {
        Assert.Equal(
            new ExecEnd(ExecStatus.Failed, 7, "command exited with status 7", false), ExecEnd.Decide(ExecEndCause.Itself, 7 << 8, null));
    }

    [Fact]
    public void A_signal_is_128_and_its_number()
    {
        Assert.Equal(137, ExecEnd.Decide(ExecEndCause.Itself, 9, null).ExitCode);
        Assert.Equal(139, ExecEnd.Decide(ExecEndCause.Itself, 11 | 0x80, null).ExitCode);
    }

    [Fact]
    public void A_cancelled_exec_keeps_its_code_and_has_no_error()
    {
        Assert.Equal(new ExecEnd(ExecStatus.Cancelled, 143, null, false), ExecEnd.Decide(ExecEndCause.Cancel, 15, null));
    }

    [Fact]
    public void The_time_limit_is_named_in_seconds()
    {
        ExecEnd end = ExecEnd.Decide(ExecEndCause.TimeLimit, 15, TimeSpan.FromSeconds(3));

        Assert.Equal(new ExecEnd(ExecStatus.Failed, 143, "command timed out after 3s and was stopped", true), end);
    }

    [Theory]
    [InlineData("Delete", "sandbox was deleted while the command was running")]
    [InlineData("Rollback", "sandbox was rolled back while the command was running")]
    [InlineData("SandboxStopped", "sandbox stopped while the command was running")]
    [InlineData("Lost", "exit status was lost while the daemon was down")]
    public void Each_other_cause_has_its_sentence(string cause, string text)
    {
        ExecEnd end = ExecEnd.Decide(Enum.Parse<ExecEndCause>(cause), null, null);

        Assert.Equal((ExecStatus.Failed, text, (int?)null), (end.Status, end.Error, end.ExitCode));
    }
}
