using Sleigh.Cgroups;

namespace Sleigh.Runtime;

/// <summary>Why limits do not grow by themselves; the same sentence wherever it is shown.</summary>
internal static class GrowthAvailability
{
    /// <summary>The reason, for this host and this version.</summary>
    public static string Unavailable(CgroupHierarchy hierarchy, string subtree) => hierarchy.CanLimitMemory(subtree)
        ? "automatic memory growth is not part of this version; limits are fixed"
        : "automatic memory growth needs the memory controller on cgroup v2, which this host does not have there; limits are fixed and set by the container runtime";
}
