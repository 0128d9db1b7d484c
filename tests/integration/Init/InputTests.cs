using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

/// <summary>Input that sleigh-init keeps open for the host.</summary>
public sealed class InputTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Held_input_outlives_its_writer_and_ends_when_the_host_says_so()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using Fifo fifo = new(slot);
        using SlotExec exec = await slot.StartAsync(["wc", "-c"], start => start with { Stdin = fifo.Read, StdinHold = fifo.Hold });
        fifo.CloseEnds();

        await fifo.WriteAsync("one");
        await fifo.WriteAsync("three");
        Assert.Equal(Errno.None, await slot.Connection.EndInputAsync(exec.Id, default));
        ExecRecord record = await exec.EndAsync();

        Assert.Equal((0, "8\n"), (record.ExitCode, exec.Stdout));
        Assert.Equal(Errno.ESRCH, await slot.Connection.EndInputAsync(exec.Id, default));
        Assert.Equal(Errno.ENOENT, await slot.Connection.EndInputAsync(Runtime.ExecId.New(), default));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task The_end_of_an_exec_and_a_start_that_fails_close_what_was_held()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using (SlotExec first = await slot.ShellAsync("true"))
        {
            await first.EndAsync();
        }

        int before = await SettledAsync(slot);
        using (Fifo fifo = new(slot))
        {
            using SlotExec ends = await slot.StartAsync(["true"], start => start with { Stdin = fifo.Read, StdinHold = fifo.Hold });
            await ends.EndAsync();
        }

        using (Fifo fifo = new(slot))
        {
            using SlotExec fails = await slot.StartAsync(["/no/such/program"], start => start with { Stdin = fifo.Read, StdinHold = fifo.Hold });
            Assert.IsType<StartOutcome.Failed>(fails.Outcome);
        }

        for (int i = 0; slot.DescriptorCount() != before; i++)
        {
            Assert.True(i < 100, $"{slot.DescriptorCount()} descriptors instead of {before}");
            await Task.Delay(10);
        }
    }

    // sleigh-init closes what it had for an exec a moment after it has told of its end.
    private static async Task<int> SettledAsync(InitSlot slot)
    {
        int count = slot.DescriptorCount();
        for (int calm = 0; calm < 10; calm++)
        {
            await Task.Delay(10);
            int now = slot.DescriptorCount();
            calm = now == count ? calm : 0;
            count = now;
        }

        return count;
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Only_a_FIFO_beside_an_input_is_held()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using Fifo fifo = new(slot);

        using SlotExec alone = await slot.StartAsync(["true"], start => start with { StdinHold = fifo.Hold });
        using SlotExec file = await slot.StartAsync(["true"], start => start with { Stdin = fifo.Read, StdinHold = start.Record });

        Assert.Equal((StartStage.Request, Errno.EINVAL), Failure(alone));
        Assert.Equal((StartStage.Descriptors, Errno.EINVAL), Failure(file));
    }

    private static (StartStage, Errno) Failure(SlotExec exec) => Assert.IsType<StartOutcome.Failed>(exec.Outcome) is var failed ? (failed.Stage, failed.Errno) : default;

    private sealed class Fifo : IDisposable
    {
        private readonly string _path;

        public Fifo(InitSlot slot)
        {
            _path = Path.Combine(slot.Directory, Guid.NewGuid().ToString("n"));
            Files.MakeNode(Descriptors.WorkingDirectory, _path, FileType.Fifo, 0x180);
            using SafeFileHandle first = Files.Open(_path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
            Hold = Files.Open(_path, OpenFlags.WriteOnly);
            Read = Files.Open(_path, OpenFlags.ReadOnly);
        }

        public SafeFileHandle Read { get; }

        public SafeFileHandle Hold { get; }

        public async Task WriteAsync(string text)
        {
            using FifoWriter writer = FifoWriter.TryOpen(_path)!;
            Assert.True(await writer.WriteAsync(Encoding.ASCII.GetBytes(text), CancellationToken.None));
        }

        public void CloseEnds()
        {
            Read.Dispose();
            Hold.Dispose();
        }

        public void Dispose() => CloseEnds();
    }
}
