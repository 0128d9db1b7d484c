namespace Sleigh.Overlay;

/// <summary>
/// Is asked before data is written to files of a tree. A file has no name until it is complete, where the filesystem has such files, and until then nobody who
/// looks at the tree sees what it takes.
/// </summary>
public interface IWriteRoom
{
    /// <summary>Bytes that are about to be written; holes are none. Throws where there is no room for them, and they are not written.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask TakeAsync(long bytes, CancellationToken cancellationToken);

    /// <summary>From now on all that was taken can be seen in the tree.</summary>
    void Place();
}
