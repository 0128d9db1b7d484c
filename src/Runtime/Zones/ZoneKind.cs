namespace Sleigh.Runtime;

/// <summary>The two parts of the host's files that agents may use.</summary>
public enum ZoneKind
{
    /// <summary>Directories that can be mounted, below <c>mounts.root</c>.</summary>
    Mounts,

    /// <summary>Directories that can be copied, below <c>environments.root</c>.</summary>
    Environments,
}
