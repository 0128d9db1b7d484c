using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Benchmarks.Host.Notifications;

/// <summary>
/// The files that wall and brake are written to: <c>memory.max</c> and <c>memory.high</c>; without a memory controller those of huge pages,
/// which the kernel keeps with the same counters (mm/page_counter.c); without these <c>cgroup.max.descendants</c> and
/// <c>cgroup.max.depth</c>, whose writers wait for the lock of all cgroups.
/// </summary>
internal sealed class LimitFiles : IDisposable
{
    private const string Control = "cgroup.subtree_control";
    private const string Huge = "hugetlb";

    private readonly string? _undo;

    private LimitFiles(string wall, string brake, string? undo) => (Wall, Brake, _undo) = (wall, brake, undo);

    /// <summary>For the wall.</summary>
    public string Wall { get; }

    /// <summary>For the brake.</summary>
    public string Brake { get; }

    /// <summary>Makes the files of all cgroups below <paramref name="root"/>. <see cref="Dispose"/> it when they are gone.</summary>
    /// <param name="hierarchy">The hierarchy.</param>
    /// <param name="root">An empty cgroup directly below its root.</param>
    public static LimitFiles Enable(CgroupHierarchy hierarchy, Cgroup root)
    {
        hierarchy.EnableControllers(root.Name, Controllers.Memory);
        if (root.EnableControllers(Controllers.Memory).HasFlag(Controllers.Memory))
        {
            return new LimitFiles("memory.max", "memory.high", undo: null);
        }

        using KernelDirectory top = KernelDirectory.Open(hierarchy.Root);
        if (!Words(top.Read("cgroup.controllers")).Contains(Huge))
        {
            return new LimitFiles("cgroup.max.descendants", "cgroup.max.depth", undo: null);
        }

        bool isThere = Words(top.Read(Control)).Contains(Huge);
        top.Write(Control, $"+{Huge}");
        using KernelDirectory own = KernelDirectory.Open(root.Path);
        own.Write(Control, $"+{Huge}");
        string size = Directory.GetFiles(root.Path, "hugetlb.*.rsvd.max").Select(Path.GetFileName).Order().First()!.Split('.')[1];
        return new LimitFiles($"hugetlb.{size}.max", $"hugetlb.{size}.rsvd.max", isThere ? null : hierarchy.Root);
    }

    /// <summary>Writes both.</summary>
    public void Write(Cgroup group, long wall, long brake)
    {
        using KernelDirectory directory = KernelDirectory.Open(group.Path);
        directory.Write(Wall, LimitValue.Format(wall));
        directory.Write(Brake, LimitValue.Format(brake));
    }

    public void Dispose()
    {
        if (_undo is not null)
        {
            using KernelDirectory top = KernelDirectory.Open(_undo);
            top.Write(Control, $"-{Huge}");
        }
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
