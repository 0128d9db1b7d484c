using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Directories of a tree, as safe against its processes as <see cref="TreeFile"/>.</summary>
public static class TreeDirectories
{
    /// <summary>The names of a directory that come behind one, in the order of their bytes. Memory grows with the limit, not with the directory.</summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="path">From the tree's root on; links are followed.</param>
    /// <param name="after">Only names behind this one; empty for all.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>; <see cref="TreeFailure.NotAllowed"/>: no directory.</exception>
    public static TreeListing List(SafeFileHandle root, string path, KernelPath after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            using TreePlace place = TreePlace.Find(root, path + "/");
            if (Files.Stat(place.Handle).Type != FileType.Directory)
            {
                throw TreeFileException.NotAllowed(path, "it is no directory");
            }

            using SafeFileHandle directory = Files.Reopen(place.Handle, OpenFlags.ReadOnly | OpenFlags.Directory);
            return TreeListing.Read(directory, after, limit, cancellationToken);
        }
        catch (KernelException ex) when (TreeFileException.FromKernelAt(ex, path) is TreeFileException known)
        {
            throw known;
        }
    }

    /// <summary>
    /// Removes a name: a file, a link itself, an empty directory, or a directory with all below it. Where something is mounted
    /// nothing is removed; what was removed before it was met is gone.
    /// </summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="path">From the tree's root on.</param>
    /// <param name="recursive">Whether a directory need not be empty.</param>
    /// <param name="cancellationToken">Gives up; what is removed by then is gone.</param>
    /// <exception cref="TreeFileException">
    /// <see cref="TreeFailure.NotFound"/>; <see cref="TreeFailure.NotAllowed"/>: not empty, or a mount; <see cref="TreeFailure.Changed"/>.
    /// </exception>
    public static Task RemoveAsync(SafeFileHandle root, string path, bool recursive, CancellationToken cancellationToken) =>
        OwnThread.RunAsync("remove files", () => Remove(root, path, recursive, cancellationToken));

    private static void Remove(SafeFileHandle root, string path, bool recursive, CancellationToken cancellationToken)
    {
        try
        {
            using TreeTarget target = TreeTarget.FindExact(root, path);
            FileStatus found = target.Existing ?? throw TreeFileException.NotFound(path);
            target.RefuseMount();
            if (found.Type != FileType.Directory)
            {
                Files.Unlink(target.Directory, target.Name);
            }
            else if (recursive)
            {
                TreeRemoval.Run(target.Directory, target.Name, path, cancellationToken);
            }
            else
            {
                Files.RemoveDirectory(target.Directory, target.Name);
            }
        }
        catch (KernelException ex) when (TreeFileException.FromKernelAt(ex, path) is TreeFileException known)
        {
            throw known;
        }
    }
}
