using System.Net.Sockets;
using Sleigh.Linux;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class RestartTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Commands_go_on_without_their_client_and_a_new_one_finds_everything()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec runs = await slot.StartAsync(["sh", "-c", "i=0; while [ $i -lt 30 ]; do echo $i; sleep 0.02; i=$((i+1)); done; exit 5"]);
        using SlotExec stays = await slot.StartAsync(["sleep", "600"]);
        SlotExec fails = await slot.StartAsync(["no-such-program"]);
        SlotExec forgotten = await slot.ShellAsync("true");
        await slot.Connection.ForgetAsync(forgotten.Id, default);

        await slot.Connection.DisposeAsync();
        await Task.Delay(1500);
        await slot.ConnectAsync();
        IReadOnlyList<ListedExec> list = await slot.Connection.ListAsync(default);

        Assert.Equal(
            [(runs.Id, ExecState.Ended), (stays.Id, ExecState.Running), (fails.Id, ExecState.Failed)],
            list.Select(exec => (exec.Id, exec.State)));
        ExecRecord record = ExecRecord.Read(runs.RecordPath)!;
        Assert.Equal(5, record.ExitCode);
        Assert.Equal(record, await slot.Connection.RecordAsync(runs.Id, default));
        Assert.Equal(string.Concat(Enumerable.Range(0, 30).Select(i => $"{i}\n")), await File.ReadAllTextAsync(runs.StdoutPath));
        Assert.Equal(Errno.EBUSY, await slot.Connection.ForgetAsync(stays.Id, default));
        Assert.Equal(Errno.None, await slot.Connection.SignalAsync(stays.Id, 9, default));
        Assert.Equal(9, (await stays.EndAsync()).Signal);
        Assert.Equal(Errno.None, await slot.Connection.ForgetAsync(runs.Id, default));
        Assert.Equal(Errno.ENOENT, await slot.Connection.ForgetAsync(runs.Id, default));
        Assert.Null(await slot.Connection.RecordAsync(runs.Id, default));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task An_id_can_be_used_again_only_when_it_was_forgotten()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = await slot.StartAsync(["sleep", "600"]);
        using SlotExec again = new(slot, exec.Id);

        await slot.StartAsync(again.Request(["true"]), again);

        Assert.Equal(new StartOutcome.Failed(StartStage.Request, Errno.EEXIST), again.Outcome);
        Assert.Equal(ExecState.Running, (await slot.Connection.RecordAsync(exec.Id, default))!.State);
        await slot.Connection.SignalAsync(exec.Id, 9, default);
        await slot.EndOf(exec.Id);
        await slot.Connection.ForgetAsync(exec.Id, default);
        await slot.StartAsync(again.Request(["true"]), again);
        Assert.IsType<StartOutcome.Started>(again.Outcome);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task The_death_of_init_ends_every_call_and_the_connection_says_so()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec frozen = new(slot, ExecId.New());
        await File.WriteAllTextAsync(Path.Combine(frozen.Leaf, "cgroup.freeze"), "1");
        Task<SlotExec> starting = slot.StartAsync(frozen.Request(["true"]), frozen);

        await slot.Connection.PingAsync(default);
        await HostCommand.RunAsync("kill", "-9", $"{slot.HostPid}");

        await Assert.ThrowsAsync<InitGoneException>(() => starting);
        Assert.NotEmpty(await slot.Connection.Closed);
        await Assert.ThrowsAsync<InitGoneException>(() => slot.Connection.PingAsync(default));
        Assert.False(await slot.Connection.Ended.WaitToReadAsync());

        // The frozen child dies with the PID namespace, a moment after init; until then it holds the listening socket open.
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<InitGoneException>(async () =>
        {
            while (true)
            {
                await using InitConnection early = await InitConnection.ConnectAsync(slot.SocketPath, limit.Token);
                await Task.Delay(20, limit.Token);
            }
        });
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_client_that_does_not_read_is_told_everything_when_it_reads_again()
    {
        const int Count = 400;
        await using InitSlot slot = await InitSlot.StartAsync();
        using Socket silent = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        await silent.ConnectAsync(new UnixDomainSocketEndPoint(slot.SocketPath));
        // Its own question is answered first; then it hears of nothing but ends.
        await silent.SendAsync(InitFrame.Write(InitProtocol.FrameType.Ping, 1));

        HashSet<ExecId> ids = [];
        for (int i = 0; i < Count; i++)
        {
            using SlotExec exec = await slot.StartAsync(["true"]);
            await exec.EndAsync();
            ids.Add(exec.Id);
        }

        byte[] buffer = new byte[InitProtocol.FrameMax];
        Assert.Equal(8 + 24, await silent.ReceiveAsync(buffer));
        for (int i = 0; i < Count; i++)
        {
            int length = await silent.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10));
            Assert.True(ExecRecord.TryParse(buffer.AsSpan(8, length - 8), out ExecRecord? record), $"frame {i} of {length} bytes");
            Assert.True(ids.Remove(record.ExecId));
        }

        Assert.Empty(ids);
        await silent.SendAsync(InitFrame.Write(InitProtocol.FrameType.Ping, 2));
        Assert.Equal(8 + 24, await silent.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10)));
    }
}
