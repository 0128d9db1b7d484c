namespace Sleigh.Cgroups.Growth;

/// <summary>Why a limit did not grow.</summary>
public enum RefusalCause
{
    /// <summary>Automatic growth is off for this cgroup.</summary>
    Off,

    /// <summary>It stands at its ceiling.</summary>
    Ceiling,

    /// <summary>The ledger has nothing to give.</summary>
    HostShort,
}
