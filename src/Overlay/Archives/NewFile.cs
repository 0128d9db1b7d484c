using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A regular file on its way into a directory. It has no name until it is complete, so nothing is left of it when the daemon
/// dies; where the filesystem has no such files (overlayfs before Linux 6.3), it has a temporary name that begins with
/// <c>.sleigh-</c>.
/// </summary>
internal sealed class NewFile : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600

    private readonly SafeFileHandle _directory;
    private readonly SafeFileHandle _file;
    private readonly KernelPath? _temporary;

    private NewFile(SafeFileHandle directory, SafeFileHandle file, KernelPath? temporary) =>
        (_directory, _file, _temporary) = (directory, file, temporary);

    /// <summary>A name that nobody has.</summary>
    public static KernelPath TemporaryName() => $".sleigh-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Takes a temporary name away, if it is still there.</summary>
    public static void Forget(SafeFileHandle directory, KernelPath temporary)
    {
        try
        {
            Files.Unlink(directory, temporary);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE or Errno.EISDIR or Errno.EPERM or Errno.EACCES)
        {
            // Renamed as it should be; or somebody inside was quicker.
        }
    }

    /// <summary>The kernel's number of an I/O error of .NET's own calls, which is in HResult; null for others.</summary>
    public static Errno? ErrnoOf(IOException ex) => ex is not KernelException && Enum.IsDefined((Errno)ex.HResult) ? (Errno)ex.HResult : null;

    /// <summary>Whether a piece of data is zeros alone, which are not written.</summary>
    public static bool IsHole(ReadOnlySpan<byte> data) => data.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Whether whoever looks at the tree sees it already.</summary>
    public bool IsNamed => _temporary is not null;

    /// <summary>Makes an empty file for a directory.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static NewFile Open(SafeFileHandle directory, NewFileKind kind)
    {
        if (kind == NewFileKind.Best)
        {
            SafeFileHandle? file = Files.TryOpen(
                directory, ".", OpenFlags.WriteOnly | OpenFlags.Unnamed, TreePlace.Inside, out Errno errno, OwnerOnly);
            if (file is not null)
            {
                return new NewFile(directory, file, null);
            }

            if (errno is not (Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL))
            {
                throw new KernelException("make a file in", Descriptors.Describe(directory, default), errno);
            }
        }

        KernelPath name = TemporaryName();
        const OpenFlags Flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        return new NewFile(directory, Files.Open(directory, name, Flags, TreePlace.Inside, OwnerOnly), name);
    }

    /// <summary>Writes data. A piece of zeros stays a hole.</summary>
    /// <exception cref="KernelException">The disk is full.</exception>
    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        if (!IsHole(data))
        {
            CopyWays.Write(_file, data, offset);
        }
    }

    /// <summary>
    /// Fills it with what another file holds: blocks are shared where both lie on one filesystem that can, else the kernel copies,
    /// else we do. Holes stay holes.
    /// </summary>
    /// <returns>The bytes.</returns>
    /// <exception cref="KernelException">The disk is full, or the source cannot be read.</exception>
    public long CopyFrom(SafeFileHandle source, CopyWays ways, CancellationToken cancellationToken) => ways.Copy(source, _file, cancellationToken);

    /// <summary>Gives the file its size, owner, mode, time and name, all seen at once; what had the name before is replaced.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Publish(KernelPath name, TarMember member)
    {
        SetSize(member.Size);
        TreeDirectory.SetAttributes(_file, member.Mode, member.UserId, member.GroupId);
        Files.SetTimes(_file, default, member.Modified, member.Modified);
        if (_temporary is KernelPath temporary)
        {
            Files.Rename(_directory, temporary, _directory, name);
            return;
        }

        try
        {
            Files.LinkOpen(_file, _directory, name);
        }
        catch (KernelException ex) when (ex.Errno == Errno.EEXIST)
        {
            // A link cannot replace; a rename can.
            Replace(name);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_temporary is KernelPath temporary)
        {
            Forget(_directory, temporary);
        }
    }

    private void Replace(KernelPath name)
    {
        KernelPath temporary = TemporaryName();
        Files.LinkOpen(_file, _directory, temporary);
        try
        {
            Files.Rename(_directory, temporary, _directory, name);
        }
        finally
        {
            Forget(_directory, temporary);
        }
    }

    private void SetSize(long size)
    {
        try
        {
            RandomAccess.SetLength(_file, size);
        }
        catch (IOException ex) when (ErrnoOf(ex) is Errno errno)
        {
            throw new KernelException("set the size of a file in", Descriptors.Describe(_directory, default), errno);
        }
    }
}
