namespace Sleigh.Cgroups;

/// <summary>
/// The file <c>memory.events</c>: how often a limit was met, in the cgroup and below it. A counter that this kernel does not
/// know is 0.
/// </summary>
/// <param name="Low">Reclaimed although below memory.low.</param>
/// <param name="High">Throttled because memory.high was passed.</param>
/// <param name="Max">About to pass memory.max.</param>
/// <param name="Oom">An allocation was about to fail.</param>
/// <param name="OomKill">Processes killed for memory.</param>
/// <param name="OomGroupKill">Times a whole group was killed (Linux 5.17).</param>
public readonly record struct MemoryEvents(long Low, long High, long Max, long Oom, long OomKill, long OomGroupKill)
{
    /// <summary>Reads the file's text. Unknown lines are skipped.</summary>
    /// <exception cref="FormatException">There is no <c>high</c>, <c>max</c> or <c>oom_kill</c> line.</exception>
    public static MemoryEvents Parse(string text)
    {
        FlatKeyed values = FlatKeyed.Parse(text);
        return new MemoryEvents(
            values.Find("low") ?? 0, values["high"], values["max"], values.Find("oom") ?? 0, values["oom_kill"], values.Find("oom_group_kill") ?? 0);
    }
}
