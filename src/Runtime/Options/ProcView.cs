namespace Sleigh.Runtime.Options;

/// <summary>Where the figures of the machine come from that a sandbox reads in /proc.</summary>
public enum ProcView
{
    /// <summary>Files that the daemon writes.</summary>
    Generated,

    /// <summary>For memory lxcfs, mounted at <c>/var/lib/lxcfs</c>; for the rest, and where it is not, files that the daemon writes.</summary>
    Lxcfs,

    /// <summary>The kernel's own, which are those of the whole host.</summary>
    Host,
}
