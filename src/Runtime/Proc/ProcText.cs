using System.Globalization;
using System.Text;
using Sleigh.Cgroups;
using Sleigh.Linux;

namespace Sleigh.Runtime.Proc;

/// <summary>
/// The texts of /proc files as a sandbox is to see them: proc(5). Those that are written again and again keep their length or grow, so that who reads
/// in that moment never finds the rest of an older text.
/// </summary>
internal static class ProcText
{
    // USER_HZ: what /proc counts CPU time in, the same on every machine.
    private const long TicksPerSecond = 100;

    private const int LoadLength = 48;

    /// <summary>meminfo: the limit as all there is, and what is in use of it. There is no swap: the limit counts it.</summary>
    public static string MemInfo(ProcFigures figures)
    {
        MemoryShares memory = figures.Memory;
        long total = Math.Max(figures.MemoryLimit, 1024);
        long free = Math.Max(0, total - memory.Used);
        long droppable = memory.ActiveFile + memory.InactiveFile + memory.SlabReclaimable;
        StringBuilder text = new(1600);
        Line("MemTotal", total);
        Line("MemFree", free);
        Line("MemAvailable", Math.Min(total, free + droppable));
        Line("Buffers", 0);
        Line("Cached", memory.File);
        Line("SwapCached", 0);
        Line("Active", memory.ActiveAnon + memory.ActiveFile);
        Line("Inactive", memory.InactiveAnon + memory.InactiveFile);
        Line("Active(anon)", memory.ActiveAnon);
        Line("Inactive(anon)", memory.InactiveAnon);
        Line("Active(file)", memory.ActiveFile);
        Line("Inactive(file)", memory.InactiveFile);
        Line("Unevictable", memory.Unevictable);
        Line("Mlocked", 0);
        Line("SwapTotal", 0);
        Line("SwapFree", 0);
        Line("Dirty", memory.Dirty);
        Line("Writeback", memory.Writeback);
        Line("AnonPages", memory.Anon);
        Line("Mapped", memory.Mapped);
        Line("Shmem", memory.Shmem);
        Line("KReclaimable", memory.SlabReclaimable);
        Line("Slab", memory.SlabReclaimable + memory.SlabUnreclaimable);
        Line("SReclaimable", memory.SlabReclaimable);
        Line("SUnreclaim", memory.SlabUnreclaimable);
        Line("CommitLimit", total);
        Line("Committed_AS", memory.Anon + memory.Shmem);
        return text.ToString();

        // Ten digits are a petabyte: the length of the text never changes.
        void Line(string name, long bytes) => text.Append(CultureInfo.InvariantCulture, $"{name + ":",-16} {bytes / 1024,10} kB\n");
    }

    /// <summary>cpuinfo: the host's, of these CPUs alone, with the host's numbers.</summary>
    public static string CpuInfo(string host, CpuSet cpus)
    {
        StringBuilder text = new(host.Length);
        foreach (string block in host.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            // What has no number, such as the last lines on some arm64 machines, is of all of them.
            if (NumberOf(block) is not int number || cpus.Numbers.Contains(number))
            {
                text.Append(block.TrimEnd('\n')).Append("\n\n");
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// stat: the sandbox's CPU time, in equal parts on its CPUs; the rest since the boot is idle. The boot's time stays the host's: processes count
    /// their start from it.
    /// </summary>
    public static string Stat(ProcFigures figures, string bootTime)
    {
        int count = figures.Cpus.Numbers.Count;
        long user = Ticks(figures.UserTime) / count;
        long system = Ticks(figures.SystemTime) / count;
        long idle = Math.Max(0, Ticks(figures.HostUptime) - user - system);
        StringBuilder text = new(1024);
        text.Append(CultureInfo.InvariantCulture, $"cpu  {user * count} 0 {system * count} {idle * count} 0 0 0 0 0 0\n");
        foreach (int number in figures.Cpus.Numbers)
        {
            text.Append(CultureInfo.InvariantCulture, $"cpu{number} {user} 0 {system} {idle} 0 0 0 0 0 0\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"intr 0\nctxt 0\n{bootTime}\nprocesses 0\nprocs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n")
            .ToString();
    }

    /// <summary>loadavg, with space at the end up to a length that stays.</summary>
    public static string LoadAverage(ProcFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"{figures.Load.One:F2} {figures.Load.Five:F2} {figures.Load.Fifteen:F2} 1/{figures.Tasks} {figures.Tasks}").PadRight(LoadLength) + "\n";

    /// <summary>The line <c>btime</c> of a stat file.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static string BootTime(string stat) => stat.Split('\n').FirstOrDefault(line => line.StartsWith("btime ", StringComparison.Ordinal))
        ?? throw new FormatException("no 'btime' line in /proc/stat");

    /// <summary>swaps: there is none.</summary>
    public const string Swaps = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * TicksPerSecond);

    private static int? NumberOf(string block)
    {
        string? line = block.Split('\n').FirstOrDefault(l => l.StartsWith("processor", StringComparison.Ordinal));
        return line is not null && int.TryParse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
    }
}
