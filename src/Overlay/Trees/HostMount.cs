using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A detached copy of a host directory's mounts, ready to be put into a sandbox. It is gone with this object unless it was attached.
/// </summary>
public sealed class HostMount : IDisposable
{
    private HostMount(SafeFileHandle handle) => (Handle, Number) = (handle, Files.Stat(handle).MountId);

    /// <summary>The number under which the kernel lists it (mountinfo, statx): known before it is attached, and kept then.</summary>
    public ulong Number { get; }

    internal SafeFileHandle Handle { get; }

    /// <summary>Copies the mount that a directory lies on, from there downwards, with all that is mounted below it.</summary>
    /// <remarks>
    /// No setuid bit and no device means anything in it, none of its mounts can be written to unless asked for, and all have left
    /// their peer groups: nothing that is mounted in either place later shows in the other, and to detach it here detaches nothing of
    /// the host's. What was read-only on the host stays so.
    /// </remarks>
    /// <param name="source">The directory.</param>
    /// <param name="writable">Whether it can be written to.</param>
    /// <param name="owners">Under which owners its files show; null: as they are.</param>
    /// <exception cref="OwnersNotMappedException">A filesystem in it can only show its files as they are.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static HostMount Copy(HostDirectory source, bool writable, OwnerMap? owners = null)
    {
        SafeFileHandle copy = Mounts.OpenTree(source.Handle, default, OpenTreeFlags.Clone | OpenTreeFlags.Recursive);
        try
        {
            MountAttributes attributes = MountAttributes.NoSetUserId | MountAttributes.NoDevices;
            Mounts.SetAttributes(copy, writable ? attributes : attributes | MountAttributes.ReadOnly, makePrivate: true, recursive: true);
            owners?.Apply(copy, recursive: true);
            return new HostMount(copy);
        }
        catch (KernelException ex) when (owners is not null && ex.Errno is Errno.EINVAL or Errno.EPERM)
        {
            copy.Dispose();
            throw new OwnersNotMappedException(ex);
        }
        catch (KernelException)
        {
            copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}

/// <summary>A filesystem that cannot show its files under other owners than they have (idmapped mounts), as a sandbox with a user namespace needs it.</summary>
public sealed class OwnersNotMappedException : IOException
{
    internal OwnersNotMappedException(Exception cause)
        : base("its filesystem cannot be mounted into a sandbox with a user namespace: it has no idmapped mounts on this kernel", cause)
    {
    }
}
