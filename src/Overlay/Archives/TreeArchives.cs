using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Files in and out of a mounted tree through its root's descriptor, as tar archives, in constant memory. Safe while hostile processes
/// change the tree: nothing outside of it is read or written, nor anything of /proc, /sys and /dev.
/// </summary>
public static class TreeArchives
{
    /// <summary>What is at an absolute path. A link in the last part is described itself, unless a slash stands behind it.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static TreeFileStatus Stat(SafeFileHandle root, string path, TreeOwners owners = default)
    {
        using TreePlace place = TreePlace.Find(root, path);
        FileStatus status = owners.Inside(Files.Stat(place.Handle));
        return new TreeFileStatus(status, status.Type == FileType.SymbolicLink ? Files.ReadLink(place.Handle, default) : (KernelPath?)null);
    }

    /// <summary>
    /// Writes what is at a path, with all below it, as a pax archive. Names in it begin with the path's last part, or with
    /// <c>.</c> for the root. Nothing is written before the path has been found.
    /// </summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static async Task<TreeArchiveSummary> ReadAsync(
        SafeFileHandle root, string path, Stream output, CancellationToken cancellationToken, TreeOwners owners = default)
    {
        using TreePlace place = TreePlace.Find(root, path);
        if (Files.Stat(place.Handle).Type is not (FileType.Regular or FileType.Directory or FileType.SymbolicLink))
        {
            throw TreeFileException.NotAllowed(path, "it is no file, directory or symbolic link");
        }

        return await TreeArchiver.RunAsync(place.Handle, place.Parts.Count == 0, NameOf(path, place), output, TreeContent.Files, cancellationToken, owners);
    }

    /// <summary>
    /// Extracts an archive below a directory, which is made with its parents (root's, mode 0755). Owners, modes (setuid too) and
    /// times are the archive's; extended attributes are not taken. What was written before a failure stays.
    /// </summary>
    /// <exception cref="TreeFileException">Any <see cref="TreeFailure"/>.</exception>
    public static Task<TreeExtraction> WriteAsync(
        SafeFileHandle root, string path, Stream archive, CancellationToken cancellationToken, TreeOwners owners = default, IWriteRoom? room = null) =>
        WriteAsync(root, path, archive, NewFileKind.Best, cancellationToken, owners, room);

    /// <summary>
    /// Copies what is in a directory of the host into a directory of the tree, which is made with its parents (those root's, mode
    /// 0755). Modes, links and the files' times are the host's, all belongs to the given user. What was written before a failure stays.
    /// </summary>
    /// <remarks>It is work of the disk: call it on a thread of its own.</remarks>
    /// <exception cref="TreeFileException">Any <see cref="TreeFailure"/>; the text begins with the entry where one was looked at.</exception>
    /// <exception cref="KernelException">The host's side cannot be read.</exception>
    public static TreeCopy Copy(
        HostDirectory from, SafeFileHandle root, string path, uint userId, uint groupId, CancellationToken cancellationToken, TreeOwners owners = default)
    {
        using TreePlace place = Ensure(root, path, owners);
        return Files.Stat(place.Handle).Type == FileType.Directory
            ? TreeCopier.Run(from.Handle, place, owners.Outside(userId), owners.Outside(groupId), cancellationToken)
            : throw TreeFileException.NotAllowed(path, "it is no directory", TreeObstacle.NoDirectory);
    }

    internal static async Task<TreeExtraction> WriteAsync(
        SafeFileHandle root, string path, Stream archive, NewFileKind kind, CancellationToken cancellationToken, TreeOwners owners = default, IWriteRoom? room = null)
    {
        using TreePlace place = Ensure(root, path, owners);
        return Files.Stat(place.Handle).Type == FileType.Directory
            ? await TreeExtractor.RunAsync(place, archive, kind, owners, room, cancellationToken)
            : throw TreeFileException.NotAllowed(path, "it is no directory");
    }

    internal static TreePlace Ensure(SafeFileHandle root, string path, TreeOwners owners)
    {
        try
        {
            return TreePlace.EnsureDirectory(root, path, owners);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOSPC or Errno.EDQUOT)
        {
            throw new TreeFileException(TreeFailure.Full, $"{TreeFileException.WhatIsFull(ex.Errno)}; nothing was written", null, ex);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ESTALE)
        {
            throw new TreeFileException(TreeFailure.Changed, $"something in the sandbox changed path {path} while it was made", null, ex);
        }
        catch (KernelException ex) when (ex.Errno is Errno.EROFS or Errno.EPERM or Errno.ENAMETOOLONG)
        {
            throw TreeFileException.NotAllowed(path, "the file system does not permit a directory there");
        }
    }

    // The name asked for, also where it is a link that was followed; not where it is no name.
    private static KernelPath NameOf(string path, TreePlace place)
    {
        string last = path.Split('/', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(".");
        return place.Parts.Count == 0 ? "." : last is "." or ".." ? place.Parts[^1] : last;
    }
}
