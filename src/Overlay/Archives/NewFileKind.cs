namespace Sleigh.Overlay;

/// <summary>How a file is written before it has its name.</summary>
internal enum NewFileKind
{
    /// <summary>Without a name where the filesystem can, else under a temporary one.</summary>
    Best,

    /// <summary>Under a temporary name.</summary>
    Named,
}
