namespace Sleigh.Overlay;

/// <summary>What stands in the way of a path of a tree.</summary>
public enum TreeObstacle
{
    /// <summary>Nothing that is told apart.</summary>
    None,

    /// <summary>It leads to /proc, /sys or /dev, perhaps through a link.</summary>
    Kernels,

    /// <summary>There is something that is no directory.</summary>
    NoDirectory,
}
