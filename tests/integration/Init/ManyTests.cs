using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class ManyTests(ITestOutputHelper output)
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Two_hundred_execs_at_once_are_not_mixed_up()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec[] execs = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => Task.Run(() => slot.ShellAsync(
            $"i=0; while [ $i -lt 40 ]; do echo out {n} $i; echo err {n} $i >&2; i=$((i+1)); done; exit {n}"))));

        Assert.All(execs.Select((exec, n) => (exec, n)), pair =>
        {
            Assert.Equal(pair.n, pair.exec.Record!.ExitCode);
            Assert.Equal(string.Concat(Enumerable.Range(0, 40).Select(i => $"out {pair.n} {i}\n")), pair.exec.Stdout);
            Assert.Equal(string.Concat(Enumerable.Range(0, 40).Select(i => $"err {pair.n} {i}\n")), pair.exec.Stderr);
        });
        output.WriteLine($"init after 200 at once: {slot.StatusKib("VmRSS")} KiB resident");
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_thousand_execs_leave_no_descriptor_and_little_memory()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        await slot.Connection.PingAsync(default); // a connect may succeed before init has accepted it
        int before = slot.DescriptorCount();

        for (int i = 0; i < 1000; i++)
        {
            using SlotExec exec = i % 3 == 0
                ? await slot.StartAsync(["no-such-program"])
                : await slot.StartAsync(["true"], i % 3 == 1 ? null : start => Terminal(start));
            if (exec.Outcome is StartOutcome.Started)
            {
                await slot.EndOf(exec.Id);
            }

            Assert.Equal(Sleigh.Linux.Errno.None, await slot.Connection.ForgetAsync(exec.Id, default));
            Directory.Delete(exec.Leaf);
        }

        InitFigures figures = await slot.Connection.PingAsync(default);
        output.WriteLine($"init after 1000 execs: {slot.StatusKib("VmRSS")} KiB resident, {figures}");
        Assert.Equal(before, slot.DescriptorCount());
        Assert.Equal((0, 0, 0), (figures.Running, figures.Remembered, figures.Lingering));
        Assert.InRange(slot.StatusKib("VmRSS"), 0, 200);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Above_the_limit_a_start_is_refused_and_the_others_go_on()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        List<SlotExec> running = [];
        SlotExec refused;
        while (true)
        {
            SlotExec exec = await slot.StartAsync(["sleep", "600"]);
            exec.Close();
            if (exec.Outcome is not StartOutcome.Started)
            {
                refused = exec;
                break;
            }

            running.Add(exec);
        }

        Assert.Equal(512, running.Count);
        Assert.Equal(new StartOutcome.Failed(StartStage.Limit, Sleigh.Linux.Errno.EAGAIN), refused.Outcome);
        Assert.Equal(512, (await slot.Connection.ListAsync(default)).Count);
        foreach (SlotExec exec in running)
        {
            await slot.Connection.SignalAsync(exec.Id, 15, default);
        }

        foreach (SlotExec exec in running)
        {
            Assert.Equal(15, (await exec.EndAsync()).Signal);
        }

        output.WriteLine($"init after 512 at once: {slot.StatusKib("VmRSS")} KiB resident");
    }

    private static InitStart Terminal(InitStart start) => start with { Terminal = new TerminalSize(24, 80), StderrSpool = null };
}
