using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Proc;

/// <summary>The files of one slot that tell its sandbox of its machine. Safe for use by several threads.</summary>
internal sealed class SlotProc
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _directory;
    private readonly HostProc _host;
    private readonly Lock _lock = new();
    private CpuSet? _told;
    private ProcLoad _load;
    private TimeSpan? _usedBefore;
    private TimeSpan _before;

    private SlotProc(string directory, HostProc host) => (_directory, _host) = (directory, host);

    /// <summary>Makes the files for a slot that is about to be made: they must be there before the container is.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public static SlotProc Make(string directory, SlotLimits limits, CpuSet cpus, HostProc host)
    {
        Directory.CreateDirectory(directory);
        foreach ((string name, _) in ProcPlan.Written)
        {
            string path = Path.Combine(directory, name);
            File.WriteAllBytes(path, []);
            File.SetUnixFileMode(path, Readable);
        }

        SlotProc made = new(directory, host);
        made.Write("swaps", ProcText.Swaps);
        made.Write(new ProcFigures { MemoryLimit = Bytes(limits), Memory = new MemoryShares { Used = 0 }, Cpus = cpus, HostUptime = host.Uptime(), Tasks = 1 });
        return made;
    }

    /// <summary>Finds those that an earlier run of the daemon has made; null: the slot has none.</summary>
    public static SlotProc? Find(string directory, HostProc host) =>
        File.Exists(Path.Combine(directory, "meminfo")) ? new SlotProc(directory, host) : null;

    /// <summary>Writes what is true now. A slot that is just ending is passed over.</summary>
    public void Refresh(Slot slot)
    {
        try
        {
            lock (_lock)
            {
                Write(Read(slot));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or OverflowException)
        {
            // It has gone, or is about to; a full disk or figures that cannot be read leave the older ones, and the next writing comes soon.
        }
    }

    private static long Bytes(SlotLimits limits) => limits.MemoryMb * 1024L * 1024L;

    private ProcFigures Read(Slot slot)
    {
        CpuStat used = slot.Group.ReadCpuStat() ?? default;
        TimeSpan now = _host.Uptime();
        if (_usedBefore is TimeSpan before)
        {
            _load = _load.After(now - _before, used.Usage - before);
        }

        (_usedBefore, _before) = (used.Usage, now);
        return new ProcFigures
        {
            MemoryLimit = Bytes(slot.Limits),
            Memory = (slot.LegacyMemory?.ReadMemoryShares() ?? slot.Group.ReadMemoryShares()) ?? new MemoryShares { Used = 0 },
            Cpus = CpuSet.OfProcess(slot.ProcessId),
            UserTime = used.User,
            SystemTime = used.System,
            HostUptime = now,
            Tasks = slot.Group.ReadPidsCurrent() ?? slot.Group.ReadAllProcesses().Count,
            Load = _load,
        };
    }

    private void Write(ProcFigures figures)
    {
        Write("meminfo", ProcText.MemInfo(figures));
        Write("stat", ProcText.Stat(figures, _host.BootTime));
        Write("loadavg", ProcText.LoadAverage(figures));
        if (!figures.Cpus.Equals(_told))
        {
            Write("cpuinfo", ProcText.CpuInfo(_host.CpuInfo, figures.Cpus));
            Write("online", figures.Cpus + "\n");
            _told = figures.Cpus;
        }
    }

    // Always the same inode: it is the one that is mounted.
    private void Write(string name, string text)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        using SafeFileHandle file = File.OpenHandle(Path.Combine(_directory, name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, bytes, 0);
        if (RandomAccess.GetLength(file) != bytes.Length)
        {
            RandomAccess.SetLength(file, bytes.Length);
        }
    }
}
