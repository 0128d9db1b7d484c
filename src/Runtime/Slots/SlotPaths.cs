using Sleigh.Cgroups;

namespace Sleigh.Runtime.Slots;

/// <summary>Where the parts of a slot lie on the host.</summary>
internal sealed class SlotPaths
{
    private readonly string _stateDir;
    private readonly string _subtree;
    private readonly CgroupMode _mode;

    public SlotPaths(string stateDir, string subtree, CgroupMode mode) => (_stateDir, _subtree, _mode) = (stateDir, subtree.Trim('/'), mode);

    /// <summary>The read-only root that all slots share.</summary>
    public string Skeleton => Path.Combine(_stateDir, "skeleton");

    /// <summary>Parent of all slot directories.</summary>
    public string All => Path.Combine(_stateDir, "slots");

    /// <summary>What the host shares with a slot's PID 1.</summary>
    public string Directory(SlotId slot) => Path.Combine(All, slot.ToString());

    /// <summary>sleigh-init's socket.</summary>
    public string Socket(SlotId slot) => Path.Combine(Directory(slot), "init.sock");

    /// <summary>Files of the machine that the slot shows, such as meminfo.</summary>
    public string Proc(SlotId slot) => Path.Combine(Directory(slot), "proc");

    /// <summary>The slot's cgroup below the v2 root.</summary>
    public string Cgroup(SlotId slot) => $"{_subtree}/{slot}";

    /// <summary>
    /// The path the container runtime is given for PID 1. On a hybrid host the runtime makes it in every v1 hierarchy too, and
    /// removes only its last part again: there it is a single directory, so that nothing stays behind.
    /// </summary>
    public string InitCgroup(SlotId slot) => _mode == CgroupMode.Unified
        ? $"/{_subtree}/{slot}/init"
        : $"/{_subtree.Replace('/', '-')}-{slot}";

    /// <summary>The slot that a directory right below the root of a hierarchy was made for as <see cref="InitCgroup"/>; null for any other.</summary>
    public SlotId? OfInitCgroup(string name)
    {
        string prefix = $"{_subtree.Replace('/', '-')}-";
        return _mode != CgroupMode.Unified && name.StartsWith(prefix, StringComparison.Ordinal) && SlotId.IsValid(name[prefix.Length..])
            ? SlotId.Parse(name[prefix.Length..])
            : null;
    }
}
