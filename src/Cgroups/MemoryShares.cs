using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>What the memory of a cgroup and those below it consists of, in bytes. What a kernel does not count is 0.</summary>
public readonly record struct MemoryShares
{
    /// <summary>All of it.</summary>
    public required long Used { get; init; }

    /// <summary>Of programs, no file's: heap and stack.</summary>
    public long Anon { get; init; }

    /// <summary>Page cache, shared memory included.</summary>
    public long File { get; init; }

    /// <summary>Memory of programs that is in use.</summary>
    public long ActiveAnon { get; init; }

    /// <summary>Memory of programs that was not used for long, and shared memory.</summary>
    public long InactiveAnon { get; init; }

    /// <summary>Page cache in use.</summary>
    public long ActiveFile { get; init; }

    /// <summary>Page cache that the kernel would drop first.</summary>
    public long InactiveFile { get; init; }

    /// <summary>What cannot be taken away.</summary>
    public long Unevictable { get; init; }

    /// <summary>Shared memory and tmpfs.</summary>
    public long Shmem { get; init; }

    /// <summary>Files in the address space of programs.</summary>
    public long Mapped { get; init; }

    /// <summary>To be written to disk.</summary>
    public long Dirty { get; init; }

    /// <summary>Being written to disk.</summary>
    public long Writeback { get; init; }

    /// <summary>The kernel's own that it can give back; not counted by version 1.</summary>
    public long SlabReclaimable { get; init; }

    /// <summary>The kernel's own that it cannot; not counted by version 1.</summary>
    public long SlabUnreclaimable { get; init; }

    /// <summary>Of version 2: <c>memory.current</c> and <c>memory.stat</c>.</summary>
    /// <exception cref="FormatException">A figure is none.</exception>
    public static MemoryShares Parse(string used, string stat) =>
        Of(used, FlatKeyed.Parse(stat), "", "anon", "file", "file_mapped", "file_dirty", "file_writeback");

    /// <summary>Of version 1: <c>memory.usage_in_bytes</c> and <c>memory.stat</c>.</summary>
    /// <exception cref="FormatException">A figure is none.</exception>
    public static MemoryShares ParseLegacy(string used, string stat) =>
        Of(used, FlatKeyed.Parse(stat), "total_", "rss", "cache", "mapped_file", "dirty", "writeback");

    /// <summary>Reads them; null when the directory has gone or has no memory controller.</summary>
    /// <param name="path">The cgroup's directory.</param>
    /// <param name="legacy">It is in version 1's memory hierarchy.</param>
    internal static MemoryShares? TryRead(string path, bool legacy)
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(path);
        return directory?.TryRead(legacy ? "memory.usage_in_bytes" : "memory.current") is { } used && directory.TryRead("memory.stat") is { } stat
            ? legacy ? ParseLegacy(used, stat) : Parse(used, stat)
            : null;
    }

    private static MemoryShares Of(string used, FlatKeyed stat, string prefix, string anon, string file, string mapped, string dirty, string writeback)
    {
        return new MemoryShares
        {
            Used = LimitValue.Parse(used) ?? throw new FormatException($"'{used}' is not a figure of memory"),
            Anon = Value(anon),
            File = Value(file),
            ActiveAnon = Value("active_anon"),
            InactiveAnon = Value("inactive_anon"),
            ActiveFile = Value("active_file"),
            InactiveFile = Value("inactive_file"),
            Unevictable = Value("unevictable"),
            Shmem = Value("shmem"),
            Mapped = Value(mapped),
            Dirty = Value(dirty),
            Writeback = Value(writeback),
            SlabReclaimable = Value("slab_reclaimable"),
            SlabUnreclaimable = Value("slab_unreclaimable"),
        };

        long Value(string name) => stat.Find(prefix + name) ?? 0;
    }
}
