using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Slots;
using static Sleigh.Runtime.Init.InitProtocol;

namespace Sleigh.Benchmarks.Micro;

/// <summary>What passes between the daemon and sleigh-init, and the spec of a parked container.</summary>
public class InitBench
{
    private static readonly ExecId Exec = ExecId.Parse("exec_0123456789ab");
    private readonly byte[] _frame = InitFrame.Write(FrameType.Signal, 7, new Signal { ExecId = InitFrame.WriteId(Exec), Number = 15 });
    private readonly byte[] _record = MakeRecord();
    private readonly SlotSpec _spec = new()
    {
        SkeletonDirectory = "/run/sleigh/skeleton",
        HostDirectory = "/run/sleigh/slots/slot-0123456789ab",
        CgroupsPath = "/sleigh/slot-0123456789ab/init",
        Capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"],
    };

    [Benchmark]
    public byte[] WriteFrame() => InitFrame.Write(FrameType.Signal, 7, new Signal { ExecId = InitFrame.WriteId(Exec), Number = 15 });

    [Benchmark]
    public int ReadFrame() =>
        InitFrame.TryRead(_frame, out _, out ReadOnlySpan<byte> body) && InitFrame.TryReadBody(body, out Signal signal)
            ? (int)signal.Number : throw new InvalidOperationException("the frame is not read");

    [Benchmark]
    public object ParseExecRecord() =>
        ExecRecord.TryParse(_record, out ExecRecord? record) ? record : throw new InvalidOperationException("the record is not read");

    [Benchmark]
    public byte[] WriteSlotSpec() => SlotSpecWriter.Write(_spec);

    private static byte[] MakeRecord()
    {
        Record record = new()
        {
            Magic = RecordMagic,
            Version = InitProtocol.Version,
            Size = (ushort)Unsafe.SizeOf<Record>(),
            Generation = 7,
            State = 3,
            ExecId = InitFrame.WriteId(Exec),
            Pid = 17,
            AcceptedNs = 1_767_603_720_000_000_000,
            RunningNs = 1_767_603_720_001_000_000,
            EndedNs = 1_767_603_720_002_000_000,
            WallNs = 2_000_000,
            Usage = new Usage { UserUs = 1500, MaxRssKib = 2048, BlocksRead = 1 },
            GenerationTail = 7,
        };
        byte[] bytes = new byte[Unsafe.SizeOf<Record>()];
        MemoryMarshal.Write(bytes, in record);
        return bytes;
    }
}
