using System.Diagnostics;

namespace Sleigh.Linux.Tests;

public sealed class ProcessHandleTests
{
    [Fact]
    public void A_handle_signals_its_process_and_no_later_one()
    {
        using Process child = Process.Start("sleep", "100");
        using ProcessHandle handle = ProcessHandle.Open(child.Id);
        Assert.True(handle.IsAlive);
        Assert.True(handle.TrySignal(Signals.Terminate));
        child.WaitForExit();

        Assert.False(handle.IsAlive);
        Assert.False(handle.TrySignal(Signals.Kill));
        Assert.Equal(Errno.ESRCH, Assert.Throws<KernelException>(() => ProcessHandle.Open(child.Id)).Errno);
    }

    [Fact]
    public void A_process_that_is_not_watched_any_more_is_taken_for_ended()
    {
        ProcessHandle handle = ProcessHandle.Open(Environment.ProcessId);
        handle.Dispose();

        Assert.False(handle.IsAlive);
    }

    [Fact]
    public void A_signal_by_number_says_whether_there_was_a_process()
    {
        using Process child = Process.Start("sleep", "100");
        Assert.True(Signals.TrySend(child.Id, Signals.Kill));
        child.WaitForExit();

        Assert.Equal(128 + Signals.Kill, child.ExitCode);
        Assert.False(Signals.TrySend(child.Id, Signals.Kill));
        Assert.Throws<KernelException>(() => Signals.TrySend(Environment.ProcessId, 9999));
    }

    [Fact]
    public void A_lowered_thread_has_nice_19_and_the_others_keep_theirs()
    {
        string? nice = null;
        var thread = new Thread(() =>
        {
            ThreadPriorities.LowerCurrent();
            nice = Nice();
        });
        thread.Start();
        thread.Join();

        Assert.Equal("19", nice);
        Assert.NotEqual("19", Nice());
    }

    // The fields after the name, which may hold anything, begin with the third.
    private static string Nice()
    {
        string status = File.ReadAllText("/proc/thread-self/stat");
        return status[(status.LastIndexOf(')') + 2)..].Split(' ')[16];
    }
}
