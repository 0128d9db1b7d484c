using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A regular file that is being put back: it has no name until it is complete or, where the filesystem has no such files (overlayfs
/// before Linux 6.3), the temporary one that all files of one restore share.
/// </summary>
internal sealed class RestoreDraft : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600

    private readonly SafeFileHandle _file;
    private readonly TemporaryName _temporary;
    private readonly bool _isNamed;

    private RestoreDraft(SafeFileHandle file, TemporaryName temporary, bool isNamed) => (_file, _temporary, _isNamed) = (file, temporary, isNamed);

    /// <summary>An empty file for a directory.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static RestoreDraft Open(SafeFileHandle directory, TemporaryName temporary)
    {
        SafeFileHandle? file = Files.TryOpen(
            directory, ".", OpenFlags.WriteOnly | OpenFlags.Unnamed, TreePlace.Inside, out Errno errno, OwnerOnly);
        if (file is not null)
        {
            return new RestoreDraft(file, temporary, isNamed: false);
        }

        const OpenFlags Flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        return errno is Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL
            ? new RestoreDraft(Files.Open(temporary.Directory, temporary.Name, Flags, TreePlace.Inside, OwnerOnly), temporary, isNamed: true)
            : throw new KernelException("make a file in", Descriptors.Describe(directory, default), errno);
    }

    /// <summary>Takes over data, owner, attributes, mode and times of a file.</summary>
    /// <returns>The bytes.</returns>
    /// <exception cref="KernelException">The disk is full, or the source cannot be read.</exception>
    public long Fill(SafeFileHandle source, FileStatus status, CopyWays ways, CancellationToken cancellationToken)
    {
        long size = ways.Copy(source, _file, cancellationToken);
        SetSize(size);
        TakeAttributes(source, status, _file);
        return size;
    }

    /// <summary>Owner, extended attributes, mode and times; of anything but a symbolic link. In this order: a new owner clears setuid bits and file capabilities.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void TakeAttributes(SafeFileHandle source, FileStatus status, SafeFileHandle target)
    {
        Files.SetOwner(target, default, status.UserId, status.GroupId);
        ExtendedAttributes.Copy(source, target, name => !name.StartsWith("trusted.overlay.", StringComparison.Ordinal));
        Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(target), status.Mode);
        Files.SetTimes(target, default, status.AccessTime, status.ModifyTime);
    }

    /// <summary>Gives the file its name; what had it is replaced in the same moment.</summary>
    /// <returns>Its inode.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public ulong Publish(SafeFileHandle directory, KernelPath name)
    {
        if (!_isNamed)
        {
            try
            {
                Files.LinkOpen(_file, directory, name);
                return Files.Stat(_file).Inode;
            }
            catch (KernelException ex) when (ex.Errno == Errno.EEXIST)
            {
                // A link cannot replace; a rename can.
                Files.LinkOpen(_file, _temporary.Directory, _temporary.Name);
            }
        }

        Files.Rename(_temporary.Directory, _temporary.Name, directory, name);
        return Files.Stat(_file).Inode;
    }

    public void Dispose()
    {
        _file.Dispose();
        NewFile.Forget(_temporary.Directory, _temporary.Name);
    }

    private void SetSize(long size)
    {
        try
        {
            RandomAccess.SetLength(_file, size);
        }
        catch (IOException ex) when (NewFile.ErrnoOf(ex) is Errno errno)
        {
            throw new KernelException("set the size of", Descriptors.Describe(_file, default), errno);
        }
    }
}
