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

    /// <summary>What stands in the way of a path, where that is known.</summary>
    public TreeObstacle Obstacle { get; init; }

    /// <summary>Nothing there.</summary>
    internal static TreeFileException NotFound(string path) => new(TreeFailure.NotFound, $"resource not found: path {path}");

    /// <summary>A path that is refused.</summary>
    internal static TreeFileException NotAllowed(string path, string why, TreeObstacle obstacle = TreeObstacle.None) =>
        new(TreeFailure.NotAllowed, $"path {path} is not allowed: {why}") { Obstacle = obstacle };

    /// <summary>A member of an archive that is refused.</summary>
    internal static TreeFileException Refused(string entry, string why) =>
        new(TreeFailure.NotAllowed, $"archive entry {entry} is not allowed: {why}", entry);

    /// <summary>An archive that cannot be read on; with the entry that it happened in or behind.</summary>
    internal static TreeFileException Bad(string what, string? entry) => new(
        TreeFailure.BadArchive, entry is null ? $"the archive is not a readable tar: {what}" : $"the archive is not a readable tar at entry {entry}: {what}", entry);

    /// <summary>What the kernel refused at a path; null for what is nobody's fault but the host's.</summary>
    internal static TreeFileException? FromKernelAt(KernelException cause, string path)
    {
        TreeFileException With(string why) => new(TreeFailure.NotAllowed, $"path {path} is not allowed: {why}", null, cause);

        return cause.Errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => new(TreeFailure.Full, $"{WhatIsFull(cause.Errno)}; nothing was written", null, cause),
            Errno.ENAMETOOLONG => With("a name in it is too long for the file system"),
            Errno.EBUSY => With("something is mounted there"),
            Errno.EROFS => With("that part of the tree is read-only"),
            Errno.EPERM or Errno.EACCES => With("the file system does not permit it"),
            Errno.EISDIR => With("it is a directory"),
            Errno.EFBIG => With("the file is too large for the file system"),
            Errno.ENOTEMPTY => With("the directory is not empty"),
            Errno.ENXIO or Errno.ENODEV => With("it is a device, a FIFO or a socket"),
            Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.EXDEV or Errno.EEXIST or Errno.ESTALE => new(
                TreeFailure.Changed, $"something in the sandbox changed path {path} in the same moment", null, cause),
            _ => null,
        };
    }

    /// <summary>Something of the tree that a copy does not replace.</summary>
    internal static TreeFileException InTheWay(string entry, string why) => new(TreeFailure.NotAllowed, $"{entry}: {why}", entry);

    /// <summary>What the kernel refused while a member was written; null for what is nobody's fault but the host's.</summary>
    internal static TreeFileException? FromKernel(KernelException cause, string entry) => ReasonOf(cause.Errno) switch
    {
        (TreeFailure.Full, string why) => new(TreeFailure.Full, $"{why}; the archive was written up to entry {entry}", entry, cause),
        (TreeFailure.Changed, _) => new(
            TreeFailure.Changed, $"something in the sandbox changed the directory of entry {entry} while it was written", entry, cause),
        (TreeFailure failure, string why) => new(failure, $"archive entry {entry} is not allowed: {why}", entry, cause),
        null => null,
    };

    /// <summary>Whether the kernel said that it was for the sandbox's limit, and not for the disk. XFS has one word for both.</summary>
    public bool NamesLimit => InnerException is KernelException { Errno: Errno.EDQUOT };

    /// <summary>The same of a sandbox that is known to be at its disk limit: what the kernel said could mean the disk too.</summary>
    public TreeFileException ForLimit() => new(
        Failure, Message.Replace(WhatIsFull(Errno.ENOSPC), WhatIsFull(Errno.EDQUOT), StringComparison.Ordinal), Entry, InnerException);

    /// <summary>Who has no room: the disk, or the sandbox within its limit.</summary>
    internal static string WhatIsFull(Errno errno) => errno == Errno.EDQUOT ? "the sandbox is at its disk limit" : "the disk is full";

    /// <summary>Why something could not be written; null for what is nobody's fault but the host's.</summary>
    internal static (TreeFailure Failure, string Why)? ReasonOf(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => (TreeFailure.Full, WhatIsFull(errno)),
        Errno.ENAMETOOLONG => (TreeFailure.NotAllowed, "a name in it is too long for the file system"),
        Errno.EBUSY => (TreeFailure.NotAllowed, "something is mounted there"),
        Errno.EROFS => (TreeFailure.NotAllowed, "that part of the tree is read-only"),
        Errno.EPERM or Errno.EACCES => (TreeFailure.NotAllowed, "the file system does not permit it"),
        Errno.EISDIR or Errno.ENOTEMPTY => (TreeFailure.NotAllowed, "there is a directory in the sandbox"),
        Errno.ENOTDIR or Errno.ELOOP or Errno.EXDEV => (TreeFailure.NotAllowed, "there is something in the sandbox that is no directory"),
        Errno.EMLINK => (TreeFailure.NotAllowed, "the file has too many names"),
        Errno.EFBIG => (TreeFailure.NotAllowed, "it is too large for the file system"),
        Errno.ENOENT or Errno.EEXIST or Errno.ESTALE => (TreeFailure.Changed, "something in the sandbox changed the directory meanwhile"),
        _ => null,
    };
}
