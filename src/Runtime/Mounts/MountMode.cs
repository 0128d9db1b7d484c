namespace Sleigh.Runtime;

/// <summary>What a sandbox may do in a mount.</summary>
public enum MountMode
{
    /// <summary>Only read (<c>ro</c>).</summary>
    ReadOnly,

    /// <summary>Write too (<c>rw</c>).</summary>
    ReadWrite,
}
