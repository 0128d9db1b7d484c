using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Puts single paths of a tree back as they were in another one: content, owners, modes, extended attributes, times, and hard links
/// within one path. Directories are merged, or made equal. Safe while hostile processes change the tree: nothing outside of it is read or
/// written, nor anything of /proc, /sys and /dev, nor what is mounted in it.
/// </summary>
public static class TreeRestore
{
    /// <summary>
    /// Looks at all paths first; what is refused then has changed nothing. Then puts them back in their order; after a failure those before
    /// stay as they are by then.
    /// </summary>
    /// <param name="order">What.</param>
    /// <param name="cancellationToken">Gives up in between.</param>
    /// <exception cref="TreeFileException">
    /// <see cref="TreeFailure.NotFound"/>: the tree did not have a path, without <see cref="RestoreOrder.DeleteAdded"/>;
    /// <see cref="TreeFailure.NotAllowed"/>, <see cref="TreeFailure.Full"/>, <see cref="TreeFailure.Changed"/>.
    /// </exception>
    public static Task<IReadOnlyList<RestoredPath>> RunAsync(RestoreOrder order, CancellationToken cancellationToken) =>
        OwnThread.RunAsync<IReadOnlyList<RestoredPath>>("restore files", () => Run(order, cancellationToken));

    private static List<RestoredPath> Run(RestoreOrder order, CancellationToken cancellationToken)
    {
        foreach (string path in order.Paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            At(path, () =>
            {
                RestorePlace.Find(order, path).Dispose();
                return true;
            });
        }

        using var temporary = TemporaryName.At(order.Into, order.Names);
        CopyWays ways = new();
        List<RestoredPath> restored = [];
        foreach (string path in order.Paths)
        {
            if (At(path, () => RestoreOne(order, path, temporary, ways, cancellationToken)) is RestoredPath done)
            {
                restored.Add(done);
            }
        }

        return restored;
    }

    // Null: it is not there, and was not.
    private static RestoredPath? RestoreOne(RestoreOrder order, string path, TemporaryName temporary, CopyWays ways, CancellationToken cancellationToken)
    {
        using var place = RestorePlace.Find(order, path);
        if (place.Found is not null)
        {
            return new RestoreWork(order, path, temporary, ways, cancellationToken).Run(place);
        }

        using TreeTarget? target = place.FindTarget();
        if (target is null)
        {
            return null;
        }

        RestoreRemoval.Remove(target.Directory, target.Name, path, cancellationToken);
        return new RestoredPath(path, null, 0, 0, 0);
    }

    private static T At<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOSPC or Errno.EDQUOT)
        {
            throw new TreeFileException(TreeFailure.Full, $"{TreeFileException.WhatIsFull(ex.Errno)}; what comes before path {path} was put back", null, ex);
        }
        catch (KernelException ex) when (TreeFileException.FromKernelAt(ex, path) is TreeFileException known)
        {
            throw known;
        }
    }
}
