using System.Globalization;
using System.Text;

namespace Sleigh.Benchmarks.Host.Processes;

/// <summary>Looks through /proc.</summary>
internal static class ProcessTable
{
    /// <summary>Whether the process is there and no zombie.</summary>
    public static bool IsAlive(int pid) => Read($"/proc/{pid}/stat") is { } stat && !stat[(stat.LastIndexOf(')') + 1)..].StartsWith(" Z", StringComparison.Ordinal);

    /// <summary>Processes with this word among their arguments.</summary>
    public static IReadOnlyList<int> WithArgument(string word) =>
        [.. All().Where(pid => Read($"/proc/{pid}/cmdline") is { } line && line.Split('\0').Contains(word))];

    /// <summary>Processes below a process, at any depth, without it.</summary>
    public static IReadOnlyList<int> Below(int pid)
    {
        var children = All().Select(p => (Pid: p, Parent: ParentOf(Read($"/proc/{p}/stat")))).ToLookup(p => p.Parent, p => p.Pid);
        var found = new List<int>();
        var open = new Queue<int>(children[pid]);
        while (open.TryDequeue(out int next))
        {
            found.Add(next);
            foreach (int child in children[next])
            {
                open.Enqueue(child);
            }
        }

        return found;
    }

    /// <summary>Processes whose cgroup in any hierarchy has this last part.</summary>
    public static IReadOnlyList<int> InCgroup(Func<string, bool> fits) =>
        [.. All().Where(pid => Read($"/proc/{pid}/cgroup") is { } text && text.Split('\n').Any(fits))];

    /// <summary>What all CPUs together have done since the start of the host, in ticks: busy, and busy or idle (proc_stat(5); waiting for a disk is idle).</summary>
    public static (long Busy, long All) CpuTicks() => CpuTicksIn(Read("/proc/stat"));

    /// <summary>The same of a text; zeros when it has no line of all CPUs.</summary>
    internal static (long Busy, long All) CpuTicksIn(string? stat)
    {
        // "cpu  user nice system idle iowait irq softirq steal guest guest_nice": guest time is part of user time.
        long[] ticks = [.. (stat?.Split('\n').FirstOrDefault(l => l.StartsWith("cpu ", StringComparison.Ordinal)) ?? "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(t => long.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : 0)];
        long all = ticks.Sum();
        return (all - ticks.Skip(3).Take(2).Sum(), all);
    }

    /// <summary>The parent in the text of a stat file; 0 when there is none.</summary>
    internal static int ParentOf(string? stat)
    {
        // "12 (a name, maybe with ) and blanks) S 1 ...", proc_pid_stat(5).
        string[] fields = stat is null ? [] : stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parent) ? parent : 0;
    }

    /// <summary>The text of a file of a process, or null when it has gone.</summary>
    internal static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.Latin1);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : 0)
        .Where(pid => pid != 0);
}
