using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sleigh.Linux;
using Sleigh.Runtime.Init;

namespace Sleigh.Runtime.Tests.Init;

public sealed class ExecRecordTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_record_gives_back_what_was_written()
    {
        Assert.True(ExecRecord.TryParse(Bytes(Raw()), out ExecRecord? record));

        Assert.Equal("exec_0123456789ab", record.ExecId.ToString());
        Assert.Equal(ExecState.Ended, record.State);
        Assert.Equal(17, record.Pid);
        Assert.Equal(new DateTimeOffset(2026, 1, 5, 9, 2, 0, TimeSpan.Zero), record.Accepted);
        Assert.Equal(record.Accepted.AddMilliseconds(2), record.Ended);
        Assert.Equal(TimeSpan.FromMilliseconds(2), record.Wall);
        Assert.Equal((42, null), (record.ExitCode, record.Signal));
        Assert.Equal((5L, 0L, 7L, 3L), (record.StdoutTotal, record.StdoutDropped, record.StderrTotal, record.StderrDropped));
        Assert.Equal(TimeSpan.FromMicroseconds(1500), record.Usage!.UserTime);
        Assert.Equal(2 << 20, record.Usage.MaxResidentBytes);
        Assert.Equal(512, record.Usage.BytesRead);
    }

    [Theory]
    [InlineData(0x2A00, 42, null)]
    [InlineData(0, 0, null)]
    [InlineData(9, null, 9)]
    [InlineData(0x8B, null, 11)]
    public void A_wait_status_is_an_exit_code_or_a_signal(int status, int? code, int? signal)
    {
        Assert.True(ExecRecord.TryParse(Bytes(Raw() with { WaitStatus = status }), out ExecRecord? record));

        Assert.Equal((code, signal), (record.ExitCode, record.Signal));
    }

    [Fact]
    public void A_failed_start_has_a_stage_and_no_status()
    {
        InitProtocol.Record raw = Raw() with { State = 4, Stage = (uint)StartStage.WorkingDirectory, Error = 2 };

        Assert.True(ExecRecord.TryParse(Bytes(raw), out ExecRecord? record));

        Assert.Equal((StartStage.WorkingDirectory, Errno.ENOENT), (record.FailedStage, record.FailedErrno));
        Assert.Null(record.WaitStatus);
        Assert.Null(record.ExitCode);
        Assert.Null(record.Usage);
        Assert.Equal(
            "WorkingDirectory: ENOENT (No such file or directory)",
            new StartOutcome.Failed(record.FailedStage, record.FailedErrno).Describe());
    }

    [Fact]
    public void A_cut_off_record_is_none()
    {
        byte[] bytes = Bytes(Raw());

        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(ExecRecord.TryParse(bytes.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void A_half_written_foreign_or_senseless_record_is_none()
    {
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { Generation = 8 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { Magic = 1 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { Version = 2 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { Size = 100 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { State = 0 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { State = 5 }), out _));
        Assert.False(ExecRecord.TryParse(Bytes(Raw() with { ExecId = default }), out _));
    }

    [Fact]
    public void Any_single_byte_may_be_anything_without_an_exception()
    {
        byte[] bytes = Bytes(Raw());
        int read = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            foreach (byte value in (byte[])[0, 0x7F, 0x80, 0xFF])
            {
                byte[] changed = [.. bytes];
                changed[at] = value;
                read += ExecRecord.TryParse(changed, out _) ? 1 : 0;
            }
        }

        Assert.InRange(read, 400, (bytes.Length * 4) - 1);
    }

    [Fact]
    public void An_empty_file_is_a_start_that_was_never_taken()
    {
        Assert.Null(ExecRecord.Read(_path));
        File.WriteAllBytes(_path, Bytes(Raw())[..100]);
        Assert.Null(ExecRecord.Read(_path));
        File.WriteAllBytes(_path, Bytes(Raw()));
        Assert.Equal(42, ExecRecord.Read(_path)!.ExitCode);
    }

    private static byte[] Bytes(InitProtocol.Record raw)
    {
        byte[] bytes = new byte[Unsafe.SizeOf<InitProtocol.Record>()];
        MemoryMarshal.Write(bytes, in raw);
        return bytes;
    }

    private static InitProtocol.Record Raw()
    {
        ulong accepted = (ulong)new DateTimeOffset(2026, 1, 5, 9, 2, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000_000;
        return new InitProtocol.Record
        {
            Magic = InitProtocol.RecordMagic,
            Version = InitProtocol.Version,
            Size = (ushort)Unsafe.SizeOf<InitProtocol.Record>(),
            Generation = 7,
            State = 3,
            ExecId = InitFrame.WriteId(ExecId.Parse("exec_0123456789ab")),
            Pid = 17,
            AcceptedNs = accepted,
            RunningNs = accepted + 1_000_000,
            EndedNs = accepted + 2_000_000,
            WallNs = 2_000_000,
            WaitStatus = 42 << 8,
            SpoolCap = 1000,
            Stdout = new InitProtocol.Stream { Total = 5 },
            Stderr = new InitProtocol.Stream { Total = 7, Dropped = 3 },
            Usage = new InitProtocol.Usage { UserUs = 1500, MaxRssKib = 2048, BlocksRead = 1 },
            GenerationTail = 7,
        };
    }
}
