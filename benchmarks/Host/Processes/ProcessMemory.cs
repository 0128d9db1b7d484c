using System.Globalization;

namespace Sleigh.Benchmarks.Host.Processes;

/// <summary>Memory of processes, in MiB.</summary>
internal static class ProcessMemory
{
    /// <summary>What is resident, pages shared with others counted whole.</summary>
    public static double ResidentMib(int pid) => Mib(ProcessTable.Read($"/proc/{pid}/status"), "VmRSS:") ?? 0;

    /// <summary>The proportional share: pages shared with others are divided among them. Kernel memory is not in it.</summary>
    public static double ProportionalMib(int pid) => Mib(ProcessTable.Read($"/proc/{pid}/smaps_rollup"), "Pss:") ?? 0;

    /// <summary>The figure of a line such as <c>VmRSS:     1234 kB</c>; null when there is no such line.</summary>
    internal static double? Mib(string? text, string name)
    {
        string? line = text?.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        string? figure = line?[name.Length..].Split(' ', '\t').FirstOrDefault(w => w.Length > 0);
        return long.TryParse(figure, NumberStyles.None, CultureInfo.InvariantCulture, out long kib) ? kib / 1024.0 : null;
    }
}
