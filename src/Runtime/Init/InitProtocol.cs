using System.Runtime.InteropServices;

namespace Sleigh.Runtime.Init;

/// <summary>
/// The wire to sleigh-init and the layout of its record file: the mirror of src/Init/protocol.h, where the rules stand. A test
/// compares the two through <c>sleigh-init --layout</c>.
/// </summary>
internal static unsafe class InitProtocol
{
    public const ushort Version = 1;
    public const int FrameMax = 4096;
    public const int IdSize = 32;
    public const int PayloadMax = 1024 * 1024;
    public const int ArgumentsMax = 4096;
    public const int EnvironmentMax = 4096;
    public const int GroupsMax = 256;
    public const int RingSize = 65536;
    public const int RingChunk = 16384;
    public const int HeldMax = 1024 * 1024;
    public const int PieceMax = 2048;
    public const uint HoldFeature = 1;
    public const uint RecordMagic = 0x43455253;

    public enum FrameType : ushort
    {
        Start = 1,
        List = 2,
        Forget = 3,
        Signal = 4,
        Resize = 5,
        Ping = 6,
        Record = 7,
        EndInput = 8,
        Hold = 9,
        Held = 10,

        Started = 101,
        Failed = 102,
        Listed = 103,
        Done = 104,
        Pong = 106,
        Recorded = 107,
        Piece = 108,

        Ended = 201,
    }

    [Flags]
    public enum StartFlags : uint
    {
        None = 0,
        Terminal = 1,
        Stdin = 2,
        Cgroup = 4,
        Hold = 8,
    }

    public struct Header
    {
        public FrameType Type;
        public ushort Version;
        public uint Seq;
    }

    public struct Id
    {
        public fixed byte Bytes[IdSize];
    }

    public struct Start
    {
        public Id ExecId;
        public StartFlags Flags;
        public uint Uid;
        public uint Gid;
        public int OomScoreAdj;
        public ulong Capabilities;
        public ulong SpoolCap;
        public uint PayloadSize;
        public ushort Rows;
        public ushort Columns;
        public ushort GroupCount;
        public ushort ArgumentCount;
        public ushort EnvironmentCount;
        public ushort Reserved;
    }

    public struct Signal
    {
        public Id ExecId;
        public int Number;
        public uint Reserved;
    }

    public struct Resize
    {
        public Id ExecId;
        public ushort Rows;
        public ushort Columns;
        public uint Reserved;
    }

    public struct HoldBody
    {
        public uint Size;
        public uint Reserved;
    }

    public struct HeldBody
    {
        public uint Offset;
        public uint Reserved;
    }

    public struct Piece
    {
        public uint Size;
        public uint Count;
    }

    public struct Started
    {
        public Id ExecId;
        public int Pid;
        public uint Reserved;
    }

    public struct Failed
    {
        public Id ExecId;
        public uint Stage;
        public int Error;
    }

    public struct Done
    {
        public int Error;
        public uint Reserved;
    }

    public struct ListEntry
    {
        public Id ExecId;
        public uint State;
        public int Pid;
    }

    public struct Listed
    {
        public uint Count;
        public uint More;
    }

    public struct Pong
    {
        public uint Running;
        public uint Remembered;
        public uint Lingering;
        public uint Features;
        public ulong Reaped;
    }

    public struct Stream
    {
        public ulong Total;
        public ulong Dropped;
    }

    public struct Usage
    {
        public ulong UserUs;
        public ulong SystemUs;
        public ulong MaxRssKib;
        public ulong MinorFaults;
        public ulong MajorFaults;
        public ulong BlocksRead;
        public ulong BlocksWritten;
        public ulong VoluntarySwitches;
        public ulong InvoluntarySwitches;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Record
    {
        public uint Magic;
        public ushort Version;
        public ushort Size;
        public uint Generation;
        public uint State;
        public Id ExecId;
        public int Pid;
        public StartFlags Flags;
        public ulong AcceptedNs;
        public ulong RunningNs;
        public ulong EndedNs;
        public ulong WallNs;
        public int WaitStatus;
        public uint Stage;
        public int Error;
        public uint Reserved;
        public ulong SpoolCap;
        public Stream Stdout;
        public Stream Stderr;
        public Usage Usage;
        public uint ReservedTail;
        public uint GenerationTail;
    }
}
