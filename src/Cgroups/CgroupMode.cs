namespace Sleigh.Cgroups;

/// <summary>How the host's cgroups are laid out.</summary>
public enum CgroupMode
{
    /// <summary>No version 2 hierarchy is mounted: no leaves, no freeze, no kill.</summary>
    None,

    /// <summary>Version 2 is mounted beside version 1 hierarchies, which hold some or all controllers.</summary>
    Hybrid,

    /// <summary>Version 2 alone.</summary>
    Unified,
}
