namespace Sleigh.Runtime;

/// <summary>How near the host is to running out of memory.</summary>
public enum OomRisk
{
    /// <summary>Far.</summary>
    Low,

    /// <summary>Worth a look.</summary>
    Medium,

    /// <summary>Near.</summary>
    High,

    /// <summary>At the edge.</summary>
    Critical,
}
