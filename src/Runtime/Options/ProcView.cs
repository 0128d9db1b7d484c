namespace Sleigh.Runtime.Options;

/// <summary>Where the figures of the machine come from that a sandbox reads in /proc.</summary>
public enum ProcView
{
    /// <summary>lxcfs where it is mounted and sees the sandbox's limits, else files that the daemon writes.</summary>
    Auto,

    /// <summary>Files that the daemon writes.</summary>
    Generated,

    /// <summary>lxcfs, mounted at <c>/var/lib/lxcfs</c>; where it is not, files that the daemon writes.</summary>
    Lxcfs,

    /// <summary>The kernel's own, which are those of the whole host.</summary>
    Host,
}
