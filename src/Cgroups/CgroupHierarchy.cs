using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>The host's version 2 hierarchy: where it is, and what can be limited through it.</summary>
/// <param name="Mounts">What is mounted.</param>
public sealed record CgroupHierarchy(CgroupMounts Mounts)
{
    /// <summary>The layout.</summary>
    public CgroupMode Mode => Mounts.Mode;

    /// <summary>Where version 2 is mounted.</summary>
    /// <exception cref="InvalidOperationException">It is not mounted: <see cref="Mode"/> is <see cref="CgroupMode.None"/>.</exception>
    public string Root => Mounts.Root ?? throw new InvalidOperationException("no cgroup2 file system is mounted on this host");

    /// <summary>Looks at this process's mounts.</summary>
    public static CgroupHierarchy Detect() => new(CgroupMounts.Parse(File.ReadAllText("/proc/self/mountinfo")));

    /// <summary>
    /// The controllers that children of <paramref name="subtree"/> can have, now or after <see cref="EnableControllers"/>:
    /// those the subtree lists, or its nearest ancestor that exists. None where version 2 is not mounted. A controller that a
    /// version 1 hierarchy holds is not among them.
    /// </summary>
    public Controllers ControllersAt(string subtree)
    {
        if (Mounts.Root is null)
        {
            return Controllers.None;
        }

        for (string path = Absolute(subtree); path.Length >= Root.Length; path = Path.GetDirectoryName(path) ?? "")
        {
            using KernelDirectory? directory = KernelDirectory.TryOpen(path);
            if (directory is not null)
            {
                return ControllerList.Parse(directory.Read("cgroup.controllers"));
            }
        }

        return Controllers.None;
    }

    /// <summary>True when a memory limit can be set through version 2 on children of <paramref name="subtree"/>.</summary>
    public bool CanLimitMemory(string subtree) => ControllersAt(subtree).HasFlag(Controllers.Memory);

    /// <summary>True when a limit on processes can be set through version 2 on children of <paramref name="subtree"/>.</summary>
    public bool CanLimitPids(string subtree) => ControllersAt(subtree).HasFlag(Controllers.Pids);

    /// <summary>True when a CPU limit can be set through version 2 on children of <paramref name="subtree"/>.</summary>
    public bool CanLimitCpu(string subtree) => ControllersAt(subtree).HasFlag(Controllers.Cpu);

    /// <summary>Opens the cgroup at a path relative to the root, making what is missing on the way.</summary>
    /// <exception cref="KernelFileException">A directory cannot be made.</exception>
    public Cgroup OpenOrCreate(string subtree)
    {
        Cgroup group = Cgroup.Open(Root);
        foreach (string name in Segments(subtree))
        {
            group = Cgroup.OpenOrCreate(group, name);
        }

        return group;
    }

    /// <summary>
    /// Enables controllers for the children of <paramref name="subtree"/>: on the root and on each cgroup of the path, itself
    /// included, as far as each has them. A cgroup other than the root that holds processes cannot pass controllers on (EBUSY).
    /// </summary>
    /// <returns>The controllers that children of the subtree have afterwards.</returns>
    /// <exception cref="KernelFileException">A cgroup of the path is missing, or the kernel refuses.</exception>
    public Controllers EnableControllers(string subtree, Controllers wanted)
    {
        Cgroup group = Cgroup.Open(Root);
        Controllers enabled = group.EnableControllers(wanted);
        foreach (string name in Segments(subtree))
        {
            group = Cgroup.Open(Path.Combine(group.Path, name));
            enabled = group.EnableControllers(wanted);
        }

        return enabled;
    }

    /// <summary>The absolute path of a path relative to the root.</summary>
    public string Absolute(string subtree) => Path.Combine([Root, .. Segments(subtree)]);

    private static string[] Segments(string subtree)
    {
        string[] names = subtree.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return names.Any(n => n is "." or "..")
            ? throw new ArgumentException($"'{subtree}' is not a path below the root of the hierarchy", nameof(subtree))
            : names;
    }
}
