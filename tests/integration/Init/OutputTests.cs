using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class OutputTests
{
    private const int Lines = 25_000_000;

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Two_hundred_megabytes_below_the_cap_arrive_unchanged()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync($"seq 1 {Lines}", start => start with { SpoolCap = 512 << 20 });

        (long length, byte[] hash, _) = ExpectedSequence();
        Assert.Equal(length, exec.Record!.StdoutTotal);
        Assert.Equal(0, exec.Record.StdoutDropped);
        await using FileStream spool = File.OpenRead(exec.StdoutPath);
        Assert.Equal(length, spool.Length);
        Assert.Equal(hash, await SHA256.HashDataAsync(spool));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Output_beyond_the_cap_is_counted_and_its_tail_kept()
    {
        const int Cap = 100_000;
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync($"seq 1 {Lines} | tee /dev/stderr", start => start with { SpoolCap = Cap });

        (long length, _, byte[] tail) = ExpectedSequence();
        Assert.Equal(length, exec.Record!.StdoutTotal);
        Assert.Equal(length, exec.Record.StderrTotal);
        Assert.Equal(Cap + SpoolReader.RingSize, new FileInfo(exec.StdoutPath).Length);
        foreach (string path in (string[])[exec.StdoutPath, exec.StderrPath])
        {
            using SpoolReader reader = SpoolReader.Open(path, Cap);
            Assert.Equal(tail, reader.ReadTail(SpoolReader.RingSize, length));
            byte[] head = new byte[Cap + 1];
            Assert.Equal(Cap, reader.Read(0, length, head));
            Assert.StartsWith("1\n2\n3\n", Encoding.ASCII.GetString(head, 0, 10), StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task The_tail_can_be_read_while_the_command_writes()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = await slot.StartAsync(["seq", "-f", "%09.0f", "1", "100000000"], start => start with { SpoolCap = 5000 });
        using SpoolReader reader = SpoolReader.Open(exec.StdoutPath, 5000);

        int behindCap = 0;
        for (int i = 0; i < 20_000 && behindCap < 200; i++)
        {
            (byte[] tail, long total) = reader.ReadLiveTail(12_016, () => ExecRecord.Read(exec.RecordPath)!.StdoutTotal);
            // Lines of ten bytes: from the total alone follows what must stand there.
            StringBuilder expected = new();
            for (long line = (total - tail.Length) / 10; line * 10 < total; line++)
            {
                expected.Append((line + 1).ToString("D9", null)).Append('\n');
            }

            string wanted = expected.ToString()[(int)((total - tail.Length) % 10)..][..tail.Length];
            Assert.Equal(wanted, Encoding.ASCII.GetString(tail));
            behindCap += total > 200_000 ? 1 : 0;
        }

        await slot.Connection.SignalAsync(exec.Id, 9, default);
        await exec.EndAsync();
        Assert.Equal(200, behindCap);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Writing_to_dev_stdout_appends_for_every_user()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        const string Command = "echo first; echo second > /dev/stdout; echo third >> /dev/stdout; echo problem > /dev/stderr";

        SlotExec root = await slot.ShellAsync(Command);
        SlotExec user = await slot.ShellAsync(Command, start => start with { Uid = 1000, Gid = 1000 });
        SlotExec changed = await slot.ShellAsync($"setpriv --reuid 1001 --regid 1001 --clear-groups sh -c '{Command}'");
        using Microsoft.Win32.SafeHandles.SafeFileHandle input = Sleigh.Linux.Sockets.MemoryFile.CreateSealed("stdin", "in\n"u8);
        SlotExec reads = await slot.ShellAsync("cat /dev/stdin", start => start with { Uid = 1000, Gid = 1000, Stdin = input });

        Assert.All([root, user, changed], exec =>
        {
            Assert.Equal("first\nsecond\nthird\n", exec.Stdout);
            Assert.Equal("problem\n", exec.Stderr);
        });
        Assert.Equal("in\n", reads.Stdout);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_full_disk_costs_output_and_neither_the_command_nor_init()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        string small = Path.Combine(slot.Directory, "small");
        Directory.CreateDirectory(small);
        await HostCommand.RunAsync("mount", "-t", "tmpfs", "-o", "size=256k", "small", small);
        try
        {
            using SlotExec exec = new(slot, Sleigh.Runtime.ExecId.New());
            InitStart request = exec.Request(["sh", "-c", "seq 1 1000000; echo end >&2"]) with
            {
                SpoolCap = 100 << 20,
                StdoutSpool = exec.Own(File.OpenHandle(Path.Combine(small, "out"), FileMode.Create, FileAccess.ReadWrite)),
            };
            await slot.StartAsync(request, exec);
            ExecRecord record = await exec.EndAsync();

            Assert.Equal(0, record.ExitCode);
            Assert.Equal(6_888_896, record.StdoutTotal);
            Assert.InRange(record.StdoutDropped, 6_888_896 - (300 << 10), 6_888_896 - (200 << 10));
            Assert.Equal("end\n", exec.Stderr);
        }
        finally
        {
            await HostCommand.RunAsync("umount", small);
        }
    }

    private static (long Length, byte[] Hash, byte[] Tail) ExpectedSequence()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        ArrayBufferWriter<byte> last = new();
        long length = 0;
        int used = 0;
        for (int i = 1; i <= Lines; i++)
        {
            i.TryFormat(buffer.AsSpan(used), out int written);
            used += written;
            buffer[used++] = (byte)'\n';
            if (used > buffer.Length - 20 || i == Lines)
            {
                hash.AppendData(buffer, 0, used);
                if (i > Lines - 300_000)
                {
                    last.Write(buffer.AsSpan(0, used));
                }

                length += used;
                used = 0;
            }
        }

        return (length, hash.GetHashAndReset(), last.WrittenSpan[^SpoolReader.RingSize..].ToArray());
    }
}
