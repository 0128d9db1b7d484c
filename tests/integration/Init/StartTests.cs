using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class StartTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_gets_its_arguments_environment_directory_user_and_groups()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync(
            "printf '%s|' \"$@\" one 'two words' ''; echo; echo $GREETING; pwd; id -u; id -g; id -G; umask",
            start => start with
            {
                Environment = ["PATH=/usr/bin:/bin", "GREETING=good day"],
                WorkingDirectory = "/usr/share",
                Uid = 1234,
                Gid = 2345,
                Groups = [2345, 77, 88],
            });

        Assert.Equal("one|two words||\ngood day\n/usr/share\n1234\n2345\n2345 77 88\n0022\n", exec.Stdout);
        Assert.Equal("", exec.Stderr);
        Assert.Equal(0, exec.Record!.ExitCode);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_without_input_reads_nothing_and_one_with_input_reads_it()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SafeFileHandle text = MemoryFile.CreateSealed("stdin", "some\ninput"u8);

        SlotExec without = await slot.ShellAsync("wc -c");
        SlotExec with = await slot.ShellAsync("cat", start => start with { Stdin = text });

        Assert.Equal("0\n", without.Stdout);
        Assert.Equal("some\ninput", with.Stdout);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Exit_codes_and_signals_come_back()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec code = await slot.ShellAsync("echo out; echo err >&2; exit 42");
        SlotExec signal = await slot.ShellAsync("kill -9 $$");

        Assert.Equal(42, code.Record!.ExitCode);
        Assert.Equal("out\n", code.Stdout);
        Assert.Equal("err\n", code.Stderr);
        Assert.Null(signal.Record!.ExitCode);
        Assert.Equal(9, signal.Record.Signal);
        Assert.True(code.Record.Wall > TimeSpan.Zero && code.Record.Wall < TimeSpan.FromSeconds(5), $"{code.Record.Wall}");
        Assert.InRange(code.Record.Accepted, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.True(code.Record.Began >= code.Record.Accepted && code.Record.Ended >= code.Record.Began);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_start_that_cannot_be_says_where_it_failed_and_keeps_a_record()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec missing = await slot.StartAsync(["no-such-program"]);
        SlotExec missingPath = await slot.StartAsync(["/no/such/program"]);
        SlotExec notExecutable = await slot.StartAsync(["/etc/passwd"]);
        SlotExec directory = await slot.StartAsync(["true"], start => start with { WorkingDirectory = "/nowhere" });
        SlotExec locked = await slot.StartAsync(["true"], start => start with { WorkingDirectory = "/root", Uid = 1000, Gid = 1000 });
        SlotExec score = await slot.StartAsync(["true"], start => start with { OomScoreAdj = 1001 });
        SlotExec itself = await slot.StartAsync(["true"], start => start with { Uid = uint.MaxValue });

        Assert.Equal(new StartOutcome.Failed(StartStage.Exec, Errno.ENOENT), missing.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.Exec, Errno.ENOENT), missingPath.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.Exec, Errno.EACCES), notExecutable.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.WorkingDirectory, Errno.ENOENT), directory.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.WorkingDirectory, Errno.EACCES), locked.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.Request, Errno.EINVAL), score.Outcome);
        Assert.Equal(new StartOutcome.Failed(StartStage.Request, Errno.EINVAL), itself.Outcome);
        ExecRecord record = ExecRecord.Read(directory.RecordPath)!;
        Assert.Equal(ExecState.Failed, record.State);
        Assert.Equal(StartStage.WorkingDirectory, record.FailedStage);
        Assert.Equal(Errno.ENOENT, record.FailedErrno);
        Assert.Equal(0, (await slot.Connection.PingAsync(default)).Running);
    }
}
