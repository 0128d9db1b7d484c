using Sleigh.Linux;

namespace Sleigh.Cgroups;

/// <summary>
/// What <c>/proc/self/mountinfo</c> says about cgroups: cgroups(7).
/// </summary>
/// <param name="Mode">The layout.</param>
/// <param name="Root">Where version 2 is mounted; null when it is not.</param>
/// <param name="Version1">Mount points of version 1 hierarchies, by controller or <c>name=</c> word.</param>
public sealed record CgroupMounts(CgroupMode Mode, string? Root, IReadOnlyDictionary<string, string> Version1)
{
    private static readonly string[] GenericOptions = ["rw", "ro", "xattr", "noprefix", "clone_children", "favordynmods"];

    /// <summary>Reads mountinfo text. Of several version 2 mounts the first counts.</summary>
    /// <exception cref="FormatException">A line is cut off.</exception>
    public static CgroupMounts Parse(string mountinfo)
    {
        string? root = null;
        Dictionary<string, string> version1 = [];
        foreach (MountEntry mount in MountInfo.Parse(mountinfo))
        {
            if (mount.Type == "cgroup2")
            {
                root ??= mount.MountPoint;
            }
            else if (mount.Type == "cgroup")
            {
                foreach (string option in mount.SuperOptions.Split(',').Where(IsHierarchy))
                {
                    version1.TryAdd(option, mount.MountPoint);
                }
            }
        }

        CgroupMode mode = root is null ? CgroupMode.None : version1.Count == 0 ? CgroupMode.Unified : CgroupMode.Hybrid;
        return new CgroupMounts(mode, root, version1);
    }

    private static bool IsHierarchy(string option) =>
        !GenericOptions.Contains(option) && (!option.Contains('=', StringComparison.Ordinal) || option.StartsWith("name=", StringComparison.Ordinal));
}
