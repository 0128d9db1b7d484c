namespace Sleigh.Cgroups;

/// <summary>The file <c>memory.stat</c>, of the cgroup and those below it. Bytes, and counts of pages since the cgroup exists.</summary>
/// <param name="Anon">Memory of programs that is no file's: heap and stack.</param>
/// <param name="File">Page cache, shared memory included.</param>
/// <param name="InactiveFile">Page cache that the kernel would drop first.</param>
/// <param name="ActiveFile">Page cache in use.</param>
/// <param name="Shmem">Shared memory and tmpfs; it can only be swapped, not dropped.</param>
/// <param name="RefaultedAnon">Pages that were swapped out and needed again soon (Linux 5.9; 0 before).</param>
/// <param name="RefaultedFile">Pages of files that were dropped and needed again soon (Linux 5.9; 0 before).</param>
/// <param name="Scanned">Pages the kernel looked at to take them away; 0 on kernels that do not say.</param>
/// <param name="Reclaimed">Pages it took away; 0 on kernels that do not say.</param>
public readonly record struct MemoryStat(
    long Anon, long File, long InactiveFile, long ActiveFile, long Shmem, long RefaultedAnon, long RefaultedFile, long Scanned, long Reclaimed)
{
    /// <summary>Reads the file's text. Unknown lines are skipped.</summary>
    /// <exception cref="FormatException">There is no <c>anon</c>, <c>file</c>, <c>inactive_file</c>, <c>active_file</c> or <c>shmem</c> line.</exception>
    public static MemoryStat Parse(string text)
    {
        FlatKeyed values = FlatKeyed.Parse(text);
        return new MemoryStat(
            values["anon"], values["file"], values["inactive_file"], values["active_file"], values["shmem"],
            values.Find("workingset_refault_anon") ?? 0, values.Find("workingset_refault_file") ?? 0,
            values.Find("pgscan") ?? 0, values.Find("pgsteal") ?? 0);
    }
}
