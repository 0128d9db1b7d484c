using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// The file that will replace another: its data, owner, mode and attributes, before it has its name. Nothing is left of it when it is
/// disposed of, nor, where it has no name at all, when the daemon dies.
/// </summary>
internal sealed class FileDraft : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600

    private readonly SafeFileHandle _file;
    private TemporaryName? _temporary;

    private FileDraft(SafeFileHandle file, TemporaryName? temporary) => (_file, _temporary) = (file, temporary);

    /// <summary>A file without a name on the filesystem of a directory; null where it has no such files.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDraft? TryUnnamed(SafeFileHandle directory)
    {
        SafeFileHandle? file = Files.TryOpen(
            directory, ".", OpenFlags.ReadWrite | OpenFlags.Unnamed, TreePlace.Inside, out Errno errno, OwnerOnly);
        return file is not null
            ? new FileDraft(file, null)
            : errno is Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL
                ? null
                : throw new KernelException("make a file in", Descriptors.Describe(directory, default), errno);
    }

    /// <summary>A file under a temporary name, which goes with it.</summary>
    /// <exception cref="KernelException">The kernel refused; the name is not there.</exception>
    public static FileDraft Named(TemporaryName temporary)
    {
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        return new FileDraft(Files.Open(temporary.Directory, temporary.Name, Flags, TreePlace.Inside, OwnerOnly), temporary);
    }

    /// <summary>Writes data. A piece of zeros stays a hole.</summary>
    /// <exception cref="KernelException">The disk is full.</exception>
    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        if (!NewFile.IsHole(data))
        {
            Checked("write to", data, (file, piece) => RandomAccess.Write(file, piece, offset));
        }
    }

    /// <summary>Sets the size, and waits until all is on the disk; at once where the sandbox's files need not outlive a power cut.</summary>
    /// <exception cref="KernelException">The disk is full or broken.</exception>
    public void Complete(long size) => Checked("complete", default, (file, _) =>
    {
        RandomAccess.SetLength(file, size);
        RandomAccess.FlushToDisk(file);
    });

    /// <summary>Whether whoever looks at the tree sees it already.</summary>
    public bool IsNamed => _temporary is not null;

    /// <summary>What the file is now.</summary>
    public FileStatus Stat() => Files.Stat(_file);

    /// <summary>Takes over who may do what with the file that is to be replaced.</summary>
    /// <param name="existing">A handle on it.</param>
    /// <param name="status">What it is.</param>
    /// <param name="how">What is asked for instead.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void TakeAttributes(SafeFileHandle existing, FileStatus status, TreeFileReplacement how)
    {
        (uint user, uint group) = how.ChangesOwner ? (how.UserId, how.GroupId) : (status.UserId, status.GroupId);
        Files.SetOwner(_file, default, user, group);

        // Behind the owner, whose change takes file capabilities off; the overlay's own marks are not shown through it.
        ExtendedAttributes.Copy(existing, _file, name => !name.StartsWith("trusted.overlay.", StringComparison.Ordinal));
        Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(_file), how.Mode ?? status.Mode);
    }

    /// <summary>Owner and mode of a file that is new.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void SetAttributes(TreeFileReplacement how) =>
        TreeDirectory.SetAttributes(_file, how.Mode ?? TreeFileReplacement.DefaultMode, how.UserId, how.GroupId);

    /// <summary>Gives the file a name that nobody has; false when somebody has it, or this file has a temporary one.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool TryLink(SafeFileHandle directory, KernelPath name)
    {
        if (_temporary is not null)
        {
            return false;
        }

        try
        {
            Files.LinkOpen(_file, directory, name);
            return true;
        }
        catch (KernelException ex) when (ex.Errno == Errno.EEXIST)
        {
            return false;
        }
    }

    /// <summary>Gives the file a name; what had it is replaced in the same moment.</summary>
    /// <param name="directory">Where the name is.</param>
    /// <param name="name">The name.</param>
    /// <param name="makeTemporary">Gives a temporary name on the same mount, for a file that has none yet.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Replace(SafeFileHandle directory, KernelPath name, Func<TemporaryName> makeTemporary)
    {
        if (_temporary is null)
        {
            _temporary = makeTemporary();
            Files.LinkOpen(_file, _temporary.Directory, _temporary.Name);
        }

        Files.Rename(_temporary.Directory, _temporary.Name, directory, name);
    }

    public void Dispose()
    {
        _file.Dispose();
        _temporary?.Dispose();
    }

    private delegate void Work(SafeFileHandle file, ReadOnlySpan<byte> data);

    private void Checked(string action, ReadOnlySpan<byte> data, Work work)
    {
        try
        {
            work(_file, data);
        }
        catch (IOException ex) when (NewFile.ErrnoOf(ex) is Errno errno)
        {
            throw new KernelException(action, "a new file", errno);
        }
    }
}
