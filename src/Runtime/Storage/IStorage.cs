namespace Sleigh.Runtime;

/// <summary>The layer store, as the administrator sees it.</summary>
public interface IStorage
{
    /// <summary>What is there now.</summary>
    /// <param name="measure">
    /// Walks all layers on a thread of low priority where the kernel does not count what they hold: that takes as long as it takes.
    /// </param>
    /// <param name="cancellationToken">Gives up the walk.</param>
    Task<StorageReport> ReadAsync(bool measure, CancellationToken cancellationToken);

    /// <summary>Grows the pool's file now, under sandboxes that run; a crash on the way is finished by the next start.</summary>
    /// <param name="bytes">The new size.</param>
    /// <returns>As <see cref="ReadAsync"/>, and what to beware of.</returns>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.UnsupportedOnHost"/>: the layers are in no pool file. <see cref="ErrorKind.InvalidArgument"/>: smaller than it is.
    /// <see cref="ErrorKind.DiskFull"/>: the disk below has no file of that size.
    /// </exception>
    Task<(StorageReport Report, string? Warning)> GrowAsync(long bytes);

    /// <summary>
    /// Begins to check all that the layers hold against the checksums of btrfs, beside everything else; one at a time. The result is kept.
    /// </summary>
    /// <param name="cancel">Ends the one under way instead.</param>
    /// <returns>As <see cref="ReadAsync"/>, and why nothing was begun or ended.</returns>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedOnHost"/>: the layers are not on btrfs.</exception>
    Task<(StorageReport Report, string? Warning)> ScrubAsync(bool cancel);
}
