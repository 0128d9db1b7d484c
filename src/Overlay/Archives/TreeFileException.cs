using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Files of a tree could not be read or written. The text is fit for the caller: it names paths of the tree only.</summary>
public sealed class TreeFileException : IOException
{
    /// <summary>Makes the error.</summary>
    /// <param name="failure">What callers branch on.</param>
    /// <param name="message">The sentence.</param>
    /// <param name="entry">The member of the archive at which it happened.</param>
    /// <param name="cause">What the kernel said.</param>
    public TreeFileException(TreeFailure failure, string message, string? entry = null, Exception? cause = null)
        : base(message, cause) => (Failure, Entry) = (failure, entry);

    /// <summary>What callers branch on.</summary>
    public TreeFailure Failure { get; }

    /// <summary>The member of the archive at which it happened; null when none was looked at.</summary>
    public string? Entry { get; }

    /// <summary>Nothing there.</summary>
    internal static TreeFileException NotFound(string path) => new(TreeFailure.NotFound, $"resource not found: path {path}");

    /// <summary>A path that is refused.</summary>
    internal static TreeFileException NotAllowed(string path, string why) => new(TreeFailure.NotAllowed, $"path {path} is not allowed: {why}");

    /// <summary>A member of an archive that is refused.</summary>
    internal static TreeFileException Refused(string entry, string why) =>
        new(TreeFailure.NotAllowed, $"archive entry {entry} is not allowed: {why}", entry);

    /// <summary>An archive that cannot be read on; with the entry that it happened in or behind.</summary>
    internal static TreeFileException Bad(string what, string? entry) => new(
        TreeFailure.BadArchive, entry is null ? $"the archive is not a readable tar: {what}" : $"the archive is not a readable tar at entry {entry}: {what}", entry);

    /// <summary>What the kernel refused while a member was written; null for what is nobody's fault but the host's.</summary>
    internal static TreeFileException? FromKernel(KernelException cause, string entry)
    {
        TreeFileException With(string why) =>
            new(TreeFailure.NotAllowed, $"archive entry {entry} is not allowed: {why}", entry, cause);

        return cause.Errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => new(TreeFailure.Full, $"the disk is full; the archive was written up to entry {entry}", entry, cause),
            Errno.ENAMETOOLONG => With("a name in it is too long for the file system"),
            Errno.EBUSY => With("something is mounted there"),
            Errno.EROFS => With("that part of the tree is read-only"),
            Errno.EPERM or Errno.EACCES => With("the file system does not permit it"),
            Errno.EISDIR or Errno.ENOTEMPTY => With("there is a directory in the sandbox"),
            Errno.ENOTDIR or Errno.ELOOP or Errno.EXDEV => With("there is something in the sandbox that is no directory"),
            Errno.EMLINK => With("the file has too many names"),
            Errno.EFBIG => With("it is too large for the file system"),
            Errno.ENOENT or Errno.EEXIST or Errno.ESTALE => new(
                TreeFailure.Changed, $"something in the sandbox changed the directory of entry {entry} while it was written", entry, cause),
            _ => null,
        };
    }
}
