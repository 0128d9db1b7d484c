namespace Sleigh.Overlay;

/// <summary>The pool's file.</summary>
/// <param name="File">Its path.</param>
/// <param name="SizeBytes">Its length, which is the pool's size. It is sparse.</param>
/// <param name="AllocatedBytes">What it takes on the disk now.</param>
/// <param name="DiskFreeBytes">What is free on that disk.</param>
public sealed record PoolStatus(string File, long SizeBytes, long AllocatedBytes, long DiskFreeBytes)
{
    /// <summary>Whether the pool may be promised more than the disk has.</summary>
    public bool CanOutgrowDisk => SizeBytes - AllocatedBytes > DiskFreeBytes;
}
