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
