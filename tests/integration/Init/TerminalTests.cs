using System.IO.Pipes;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class TerminalTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_in_a_terminal_sees_one_of_the_size_asked_for()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync(
            "tty; stty size; ls -n $(tty) | cut -d' ' -f3; ps -o tty= -p $$; echo err >&2; tty <&1; tty <&2; echo x > /dev/tty",
            start => InTerminal(start) with { Uid = 1000, Gid = 1000 });

        Assert.Equal(
            "/dev/pts/0\r\n33 101\r\n1000\r\npts/0\r\nerr\r\n/dev/pts/0\r\n/dev/pts/0\r\nx\r\n",
            exec.Stdout.Replace(" ", "", StringComparison.Ordinal).Replace("33101", "33 101", StringComparison.Ordinal));
        Assert.True(exec.Record!.IsTerminal);
        Assert.Equal(0, exec.Record.StderrTotal);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Keys_reach_the_terminal_and_a_resize_is_signalled()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using AnonymousPipeServerStream keys = new(PipeDirection.Out);
        using SafeFileHandle readEnd = new(keys.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);

        using SlotExec exec = await slot.StartAsync(
            ["sh", "-c", "trap 'stty size' WINCH; read line; echo \"got $line\"; while :; do sleep 0.02; done"],
            start => InTerminal(start) with { Stdin = readEnd });
        await keys.WriteAsync(Encoding.ASCII.GetBytes("hello\n"));
        await UntilAsync(exec, "got hello");
        Assert.Equal(Errno.None, await slot.Connection.ResizeAsync(exec.Id, new TerminalSize(50, 132), default));
        await UntilAsync(exec, "50 132");
        await keys.WriteAsync((byte[])[3]);
        ExecRecord record = await exec.EndAsync();

        Assert.Equal(2, record.Signal);
        SlotExec pipes = await slot.StartAsync(["sleep", "60"]);
        Assert.Equal(Errno.ENOTTY, await slot.Connection.ResizeAsync(pipes.Id, new TerminalSize(1, 1), default));
        Assert.Equal(Errno.ESRCH, await slot.Connection.ResizeAsync(exec.Id, new TerminalSize(1, 1), default));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Keys_that_nobody_reads_wait_and_none_is_lost()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using AnonymousPipeServerStream keys = new(PipeDirection.Out);
        using SafeFileHandle readEnd = new(keys.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        string text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i}\n"));

        using SlotExec exec = await slot.StartAsync(
            ["sh", "-c", "stty raw -echo; echo ready; sleep 0.5; head -c " + text.Length + " | sha256sum"],
            start => InTerminal(start) with { Stdin = readEnd });
        await UntilAsync(exec, "ready");
        Task writing = keys.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();
        SlotExec other = await slot.ShellAsync("echo here").WaitAsync(TimeSpan.FromSeconds(5));
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
        ExecRecord record = await exec.EndAsync();

        Assert.Equal("here\n", other.Stdout);
        Assert.Equal(0, record.ExitCode);
        Assert.Contains(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(text))),
            exec.Stdout,
            StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task What_a_terminal_shows_is_kept_to_the_last_byte()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        long expected = Enumerable.Range(1, 20_000).Sum(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + 2L);

        for (int i = 0; i < 30; i++)
        {
            using SlotExec exec = await slot.StartAsync(["seq", "1", "20000"], InTerminal);
            await exec.EndAsync();
            Assert.Equal(expected, exec.Record!.StdoutTotal);
            Assert.EndsWith("19999\r\n20000\r\n", exec.Stdout, StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task What_a_terminal_shows_outlives_an_init_that_is_slow_to_read_it()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = await slot.StartAsync(["sh", "-c", "sleep 0.2; seq 1 5000"], InTerminal);

        await HostCommand.RunAsync("kill", "-STOP", $"{slot.HostPid}");
        await Task.Delay(1000);
        await HostCommand.RunAsync("kill", "-CONT", $"{slot.HostPid}");
        await exec.EndAsync();

        Assert.EndsWith("4999\r\n5000\r\n", exec.Stdout, StringComparison.Ordinal);
    }

    private static InitStart InTerminal(InitStart start) =>
        start with { Terminal = new TerminalSize(33, 101), StderrSpool = null };

    private static async Task UntilAsync(SlotExec exec, string text)
    {
        for (int i = 0; !(await File.ReadAllTextAsync(exec.StdoutPath)).Contains(text, StringComparison.Ordinal); i++)
        {
            Assert.True(i < 500, $"'{text}' did not come");
            await Task.Delay(10);
        }
    }
}
