using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class MalformedFrameTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Random_frames_cost_their_connection_and_nothing_else()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec bystander = await slot.StartAsync(["sleep", "600"]);
        int descriptors = slot.DescriptorCount();
        Random random = new(20240611);
        int closed = 0;

        for (int i = 0; i < 3000; i++)
        {
            using SeqPacketSocket socket = await SeqPacketSocket.ConnectAsync(slot.SocketPath, default);
            byte[] frame = MakeFrame(random);
            SafeHandle[] handles = [.. Enumerable.Repeat<SafeHandle>(slot.Tree, random.Next(3) == 0 ? random.Next(20) : 0)];
            try
            {
                socket.TrySend(frame, handles);
                socket.TrySend(InitFrame.Write(InitProtocol.FrameType.Ping, 1));
            }
            catch (KernelException ex) when (ex.Errno == Errno.EPIPE)
            {
                closed++;
                continue;
            }

            closed += await IsClosedAsync(socket) ? 1 : 0;
        }

        Assert.InRange(closed, 1000, 3000);
        await slot.Connection.PingAsync(default);
        Assert.Equal(ExecState.Running, Assert.Single(await slot.Connection.ListAsync(default), e => e.Id == bystander.Id).State);
        for (int i = 0; slot.DescriptorCount() != descriptors; i++)
        {
            Assert.True(i < 100, $"{slot.DescriptorCount()} descriptors instead of {descriptors}");
            await Task.Delay(10);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Wrong_descriptors_and_payloads_fail_the_start_and_nothing_else()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = new(slot, ExecId.New());
        InitStart good = exec.Request(["true"]);
        using SafeFileHandle directory = Files.Open(KernelPath.FromString("/"), OpenFlags.PathOnly | OpenFlags.Directory);
        using SafeFileHandle readOnly = File.OpenHandle("/etc/hostname");
        using SafeFileHandle unsealed = MemoryFile.Create("unsealed", new byte[64]);
        using SafeFileHandle zeros = MemoryFile.CreateSealed("zeros", new byte[64]);

        foreach (InitStart bad in (InitStart[])
            [
                good with { StdoutSpool = directory },
                good with { StderrSpool = readOnly },
                good with { Record = readOnly },
                good with { Root = readOnly },
            ])
        {
            StartOutcome outcome = await slot.Connection.StartAsync(bad, default);
            Assert.Equal(StartStage.Descriptors, Assert.IsType<StartOutcome.Failed>(outcome).Stage);
            Assert.Equal(Errno.None, await slot.Connection.ForgetAsync(exec.Id, default));
        }

        Assert.Equal((StartStage.Descriptors, Errno.EPERM), await StartRawAsync(slot, good, unsealed, 64));
        Assert.Equal((StartStage.Descriptors, Errno.EINVAL), await StartRawAsync(slot, good, zeros, 65));
        Assert.Equal((StartStage.Payload, Errno.EINVAL), await StartRawAsync(slot, good, zeros, 64));
        Assert.Equal((StartStage.Request, Errno.EINVAL), await StartRawAsync(slot, good, zeros, 1 << 21));
        Assert.Equal((StartStage.WorkingDirectory, Errno.ENOENT), await StartRawAsync(slot, good, zeros, 2));
        Assert.Equal((StartStage.Clone, Errno.EBADF), await StartWithAsync(slot, good with { Cgroup = directory }));
    }

    private static async Task<(StartStage Stage, Errno Errno)> StartWithAsync(InitSlot slot, InitStart start)
    {
        StartOutcome.Failed failed = Assert.IsType<StartOutcome.Failed>(await slot.Connection.StartAsync(start, default));
        await slot.Connection.ForgetAsync(start.ExecId, default);
        return (failed.Stage, failed.Errno);
    }

    private static async Task<(StartStage Stage, Errno Errno)> StartRawAsync(
        InitSlot slot, InitStart start, SafeFileHandle payload, uint payloadSize)
    {
        using SeqPacketSocket socket = await SeqPacketSocket.ConnectAsync(slot.SocketPath, default);
        InitProtocol.Start body = new()
        {
            ExecId = InitFrame.WriteId(start.ExecId),
            Flags = start.Flags,
            SpoolCap = 1000,
            PayloadSize = payloadSize,
            ArgumentCount = 1,
        };
        await socket.SendAsync(InitFrame.Write(InitProtocol.FrameType.Start, 1, body), start.Descriptors(payload), default);
        byte[] buffer = new byte[InitProtocol.FrameMax];
        int length = await socket.ReceiveAsync(buffer, default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(InitFrame.TryReadBody(buffer.AsSpan(8, length - 8), out InitProtocol.Failed failed), $"{length} bytes");
        await slot.Connection.ForgetAsync(start.ExecId, default);
        return ((StartStage)failed.Stage, (Errno)failed.Error);
    }

    /// <summary>Nothing but noise, a valid header with noise, or a frame of the right size with noise in it.</summary>
    private static byte[] MakeFrame(Random random)
    {
        byte[] frame = new byte[random.Next(4) == 0 ? random.Next(1, 5000) : random.Next(1, 120)];
        random.NextBytes(frame);
        int shape = random.Next(4);
        if (shape > 0 && frame.Length >= 8)
        {
            frame[0] = (byte)random.Next(10);
            frame[1] = 0;
            frame[2] = 1;
            frame[3] = 0;
        }

        if (shape > 1)
        {
            int[] sizes = [0, 80, 0, 32, 40, 40, 0, 32];
            int type = random.Next(1, 8);
            byte[] exact = new byte[8 + sizes[type]];
            random.NextBytes(exact);
            exact[0] = (byte)type;
            exact[1] = exact[3] = 0;
            exact[2] = 1;
            if (shape == 3 && exact.Length >= 40)
            {
                exact.AsSpan(8, 32).Clear();
                "exec_0123456789ab"u8.CopyTo(exact.AsSpan(8));
            }

            return exact;
        }

        return frame;
    }

    /// <summary>The answers that may come are skipped; the last is the ping's, unless the connection was closed before it.</summary>
    private static async Task<bool> IsClosedAsync(SeqPacketSocket socket)
    {
        byte[] buffer = new byte[InitProtocol.FrameMax];
        try
        {
            while (true)
            {
                int length = await socket.ReceiveAsync(buffer, default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
                if (length == 0)
                {
                    return true;
                }

                if (buffer[0] == (byte)InitProtocol.FrameType.Pong)
                {
                    return false;
                }
            }
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
