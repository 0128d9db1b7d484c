namespace Sleigh.Runtime;

/// <summary>When snapshots of a sandbox are taken without being asked for.</summary>
public enum AutoSnapshot
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>Before a command starts, where something has changed since the last snapshot.</summary>
    Exec,
}
