using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A regular file of a tree, links followed inside the tree only. Safe while hostile processes change the tree: nothing outside of it
/// is read or written, nor anything of /proc, /sys and /dev; no FIFO or device is opened.
/// </summary>
public static class TreeFile
{
    private const int MaxPath = 4095;

    /// <summary>Opens for reading; links are followed in the last part too.</summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="path">From the tree's root on.</param>
    /// <param name="status">Of the open file.</param>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>; <see cref="TreeFailure.NotAllowed"/>: no regular file.</exception>
    public static SafeFileHandle OpenRead(SafeFileHandle root, string path, out FileStatus status)
    {
        Check(path);
        return Translated(path, out status, (out FileStatus found) =>
        {
            using TreePlace place = TreePlace.Locate(root, path);
            if (place.Missing.Count > 0)
            {
                throw TreeFileException.NotFound(path);
            }

            found = Files.Stat(place.Handle);
            TreeTarget.RefuseOthers(found.Type, path);
            SafeFileHandle file = Files.Reopen(place.Handle, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
            found = Files.Stat(file);
            return file;
        });
    }

    /// <summary>
    /// Writes beside (without a name where the filesystem has such files), syncs, and gives the name: whoever opens it sees the old
    /// file or the new one. Of an existing file owner, group, mode, access lists and other extended attributes are kept; its other names
    /// (hard links) keep the old data. A link in the last part is followed and stays; where it leads to nothing, the file is made there.
    /// Until all content has come nothing is changed, and after a failure nothing is left.
    /// </summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="path">From the tree's root on.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="how">Owner, mode, parents.</param>
    /// <param name="cancellationToken">Gives up, while content still comes.</param>
    /// <exception cref="TreeFileException">
    /// <see cref="TreeFailure.NotFound"/>: a directory on the way, without <see cref="TreeFileReplacement.MakeParents"/>;
    /// <see cref="TreeFailure.NotAllowed"/>, <see cref="TreeFailure.Full"/>, <see cref="TreeFailure.Changed"/>.
    /// </exception>
    public static Task<TreeFileWritten> ReplaceAsync(
        SafeFileHandle root, string path, Stream content, TreeFileReplacement how, CancellationToken cancellationToken) =>
        ReplaceAsync(root, path, content, how, NewFileKind.Best, cancellationToken);

    /// <summary>Removes the file itself, or the link. Something that is no directory.</summary>
    /// <param name="root">The tree's root.</param>
    /// <param name="path">From the tree's root on.</param>
    /// <exception cref="TreeFileException">
    /// <see cref="TreeFailure.NotFound"/>; <see cref="TreeFailure.NotAllowed"/>: a directory, or something is mounted there;
    /// <see cref="TreeFailure.Changed"/>.
    /// </exception>
    public static void Remove(SafeFileHandle root, string path)
    {
        Check(path);
        Translated(path, out _, (out FileStatus found) =>
        {
            using TreeTarget target = TreeTarget.FindExact(root, path);
            found = target.Existing ?? throw TreeFileException.NotFound(path);
            if (found.Type == FileType.Directory)
            {
                throw TreeFileException.NotAllowed(path, "it is a directory");
            }

            target.RefuseMount();
            Files.Unlink(target.Directory, target.Name);
            return true;
        });
    }

    /// <summary>Removes a temporary name that a killed daemon left; what else has the name by now stays.</summary>
    /// <param name="root">The tree's root, or the directory that its writable layer is in.</param>
    /// <param name="path">As <see cref="ITemporaryNames"/> remembered it.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Forget(SafeFileHandle root, string path)
    {
        int slash = path.LastIndexOf('/');
        KernelPath name = path[(slash + 1)..];
        using SafeFileHandle? directory = Files.TryOpen(
            root, slash <= 0 ? "." : path[..slash].TrimStart('/'), OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside, out _);
        if (directory is not null && Files.TryStat(directory, name, out _) is { Type: FileType.Regular or FileType.SymbolicLink or FileType.Fifo })
        {
            NewFile.Forget(directory, name);
        }
    }

    internal static async Task<TreeFileWritten> ReplaceAsync(
        SafeFileHandle root, string path, Stream content, TreeFileReplacement how, NewFileKind kind, CancellationToken cancellationToken)
    {
        Check(path);
        try
        {
            using var writer = new TreeFileWriter(root, path, how);
            return await writer.RunAsync(content, kind, cancellationToken);
        }
        catch (KernelException ex) when (TreeFileException.FromKernelAt(ex, path) is TreeFileException known)
        {
            throw known;
        }
    }

    private static void Check(string path)
    {
        string? why = path switch
        {
            _ when !path.StartsWith('/') => "it is not absolute",
            _ when path.Contains('\0', StringComparison.Ordinal) => "it holds a NUL character",
            _ when Encoding.UTF8.GetByteCount(path) > MaxPath => "it is too long",
            _ when path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal) =>
                "it names a directory",
            _ => null,
        };
        if (why is not null)
        {
            throw TreeFileException.NotAllowed(path.Replace("\0", "\uFFFD", StringComparison.Ordinal), why);
        }
    }

    private static T Translated<T>(string path, out FileStatus status, Work<T> work)
    {
        try
        {
            return work(out status);
        }
        catch (KernelException ex) when (TreeFileException.FromKernelAt(ex, path) is TreeFileException known)
        {
            throw known;
        }
    }

    private delegate T Work<out T>(out FileStatus status);
}
