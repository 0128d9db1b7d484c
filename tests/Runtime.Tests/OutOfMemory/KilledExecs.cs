using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.OutOfMemory;

/// <summary>
/// A sandbox whose commands have ended, with real records and spools, folders in the place of cgroups, and a sleigh-init that never
/// answers. Commands are taken up as after a restart of the daemon, which is the same way to their end.
/// </summary>
internal sealed class KilledExecs : IAsyncDisposable
{
    public const string Layer = "lyr-0123456789ab";

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
    private readonly LiveOptions _options = new(new SleighOptions());
    private readonly SandboxTable _table = new();
    private readonly Background _background = new(NullLogger.Instance);
    private readonly SlotId _slotId = SlotId.New();
    private InitConnection? _init;

    public KilledExecs(OomAction onOom, SnapshotId? newest = null)
    {
        Records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"));
        Entry = new SandboxEntry(NewRecord(onOom), null, TimeProvider.System);
        _table.Add(Entry);
        string group = Directory.CreateDirectory(Path.Combine(_folder, "slot", "execs")).Parent!.FullName;
        File.WriteAllText(Path.Combine(group, "memory.events"), "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n");
        File.WriteAllText(Path.Combine(group, "execs", "cgroup.events"), "populated 0\nfrozen 0\n");
        Execs = NewExecs(newest);
    }

    public Runtime.Execs Execs { get; private set; }

    public RecordStore Records { get; private set; }

    public SandboxEntry Entry { get; }

    public Slot Slot { get; private set; } = null!;

    /// <summary>Rollbacks that were asked for.</summary>
    public List<OomIntent> Rollbacks { get; } = [];

    /// <summary>What a rollback does.</summary>
    public Func<OomIntent, Task<OomAftermath>> Perform { get; set; } = intent => Task.FromResult<OomAftermath>(new OomAftermath.RolledBack(intent.Snapshot));

    public async Task<KilledExecs> StartAsync(bool allowed = true)
    {
        string path = Path.Combine(_folder, "init.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _init = await InitConnection.ConnectAsync(path, CancellationToken.None);
        string group = Path.Combine(_folder, "slot");
        Slot = new Slot(
            _slotId, new SlotLimits(256, null, 64), ProcessHandle.Open(Environment.ProcessId), null!, _init, Cgroup.Open(group), Cgroup.Open(Path.Combine(group, "execs")))
        {
            Layer = Layer,
        };
        if (allowed)
        {
            Execs.Rollbacks.Allow();
        }

        return this;
    }

    /// <summary>A command that ran and has ended, recorded as running.</summary>
    public ExecRow Ended(int waitStatus = 9, long oomKill = 1)
    {
        Exec exec = new()
        {
            Id = ExecId.New(), Sandbox = Entry.Id, Session = Entry.Record.Sandbox.Session, Status = ExecStatus.Running,
            Started = DateTimeOffset.FromUnixTimeSeconds(1_767_603_720),
        };
        ExecRow row = new(exec, _slotId, null, null, ExecEndCause.Itself);
        Records.AddExec(row);
        string leaf = Directory.CreateDirectory(Path.Combine(_folder, "slot", "execs", exec.Id.ToString())).FullName;
        File.WriteAllText(Path.Combine(leaf, "memory.events"), $"low 0\nhigh 0\nmax 0\noom 0\noom_kill {oomKill}\n");
        File.WriteAllText(Path.Combine(leaf, "memory.peak"), "260046848\n");
        string spool = Directory.CreateDirectory(Path.Combine(_folder, "execs", exec.Id.ToString())).FullName;
        File.WriteAllBytes(Path.Combine(spool, "record"), RecordOf(exec.Id, waitStatus));
        return row;
    }

    /// <summary>Takes it up, which ends it.</summary>
    public void Adopt(ExecRow row) => Execs.Adopt(row, Entry, Slot);

    /// <summary>Its final state.</summary>
    public async Task<Exec> FinalAsync(ExecRow row) => (await Execs.WaitAsync(row.Exec.Id, TimeSpan.FromSeconds(10), CancellationToken.None)).Exec;

    /// <summary>Types of events so far.</summary>
    public string[] Events() => [.. Records.ReadEvents(null, 0, 100).Select(e => e.Type)];

    /// <summary>As after kill -9: another daemon on the same files.</summary>
    public void Restart(SnapshotId? newest)
    {
        Records.Dispose();
        Records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"));
        Execs = NewExecs(newest);
        Execs.Rollbacks.Allow();
    }

    public async ValueTask DisposeAsync()
    {
        await _background.DrainAsync();
        _listener.Dispose();
        if (_init is not null)
        {
            await _init.DisposeAsync();
        }

        Records.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Runtime.Execs NewExecs(SnapshotId? newest)
    {
        Runtime.Execs execs = new(
            _table, new SandboxStarter(null!, null!, null!, null!, null!, null!, Records, NullLogger.Instance), Records,
            new Spool(Path.Combine(_folder, "execs"), () => 1000), _options, new Traffic(TimeProvider.System), _background, TimeProvider.System,
            NullLogger.Instance);
        execs.Growth = new FixedLimit();
        execs.Rollbacks.Newest = _ => newest;
        execs.Rollbacks.Perform = (_, intent) =>
        {
            lock (Rollbacks)
            {
                Rollbacks.Add(intent);
            }

            return Perform(intent);
        };
        return execs;
    }

    private static byte[] RecordOf(ExecId id, int waitStatus)
    {
        const ulong Accepted = 1_767_603_720_000_000_000;
        InitProtocol.Record raw = new()
        {
            Magic = InitProtocol.RecordMagic, Version = InitProtocol.Version, Size = (ushort)Unsafe.SizeOf<InitProtocol.Record>(), Generation = 7,
            State = 3, ExecId = InitFrame.WriteId(id), Pid = 17, AcceptedNs = Accepted, RunningNs = Accepted + 1, EndedNs = Accepted + 2_000_000_000,
            WallNs = 2_000_000_000, WaitStatus = waitStatus, SpoolCap = 1000, GenerationTail = 7,
        };
        byte[] bytes = new byte[Unsafe.SizeOf<InitProtocol.Record>()];
        MemoryMarshal.Write(bytes, in raw);
        return bytes;
    }

    private static SandboxRecord NewRecord(OomAction onOom) => new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "debian", Status = SandboxStatus.Running, Labels = new Dictionary<string, string>(),
            Created = DateTimeOffset.UnixEpoch, LastUsed = DateTimeOffset.UnixEpoch, MemoryLimitMb = 256, AutoExpandMemory = false, MemoryCeilingMb = 4096,
            PidsLimit = 64, Network = NetworkMode.None, RuntimeClass = "runc", OnOom = onOom,
        },
        Layer = Layer, Chain = "sha256:abc", Settings = new ImageSettings([], null, null), Env = new Dictionary<string, string>(),
    };

    private sealed class FixedLimit : IGrowthHistory
    {
        public GrowthSpan Of(SandboxEntry sandbox, DateTimeOffset from, DateTimeOffset to) => new()
        {
            LimitMb = 256, WallBytes = 256 << 20, CeilingMb = 4096, Automatic = false, NextLimitMb = 512,
        };
    }
}
