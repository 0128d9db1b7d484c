using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// How the owners of a mounted tree's files show to this process. In a sandbox with a user namespace every id inside has another one outside; the tree's
/// descriptors show the one outside, the layers on the disk the one inside. All ids from 0 on are moved by one number.
/// </summary>
/// <param name="First">The id outside of user and group 0; 0: ids are the same on both sides.</param>
/// <param name="Count">How many ids there are inside, where they are moved.</param>
public readonly record struct TreeOwners(uint First, uint Count)
{
    /// <summary>Whether an id can be had inside.</summary>
    public bool Has(uint inside) => First == 0 || inside < Count;

    /// <summary>What to set through the tree's descriptors.</summary>
    public uint Outside(uint inside) => inside + First;

    /// <summary>What a file's owner is called inside. One that is not moved, such as that of a kernel file, stays.</summary>
    public uint Inside(uint outside) => outside >= First ? outside - First : outside;

    /// <summary>The same of what a descriptor of the tree tells.</summary>
    public FileStatus Inside(FileStatus status) => status with { UserId = Inside(status.UserId), GroupId = Inside(status.GroupId) };
}
