using Sleigh.Cgroups;

namespace Sleigh.Runtime;

/// <summary>Whether limits can grow by themselves on this host; the same sentence wherever it is shown.</summary>
internal static class GrowthAvailability
{
    /// <summary>Why they cannot; null: they can.</summary>
    public static string? Unavailable(CgroupHierarchy hierarchy, string subtree) => hierarchy.CanLimitMemory(subtree)
        ? null
        : "automatic memory growth needs the memory controller on cgroup v2, which this host does not have there; limits are fixed and set by the container runtime";
}
