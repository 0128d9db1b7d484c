namespace Sleigh.Runtime;

/// <summary>How a disk limit is held.</summary>
public enum DiskLimitKind
{
    /// <summary>By the kernel: a write beyond it fails.</summary>
    Hard,

    /// <summary>By looking at what the sandbox holds: it can be passed by what is written between two looks. Then its commands are ended.</summary>
    Soft,
}
