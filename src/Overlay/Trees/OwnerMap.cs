using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Lets the layers of a tree show under other owners than they have on the disk: those that users of a user namespace have outside of it. What is written
/// has plain owners on the disk, so any tree can be mounted with or without it, time and again.
/// </summary>
/// <remarks>
/// The mapping has one more line than the sandboxes' namespace: this process's own root is <see cref="Host"/> on the disk. Without an id for it, overlayfs
/// would come up read-only without an error (it could make nothing in its work directory), and this process could make no file in a tree. So the mounts'
/// mapping is a namespace of its own, in which nothing ever runs. A file that we make belongs to that id until its owner is set, right after.
/// </remarks>
public sealed class OwnerMap : IDisposable
{
    /// <summary>Which id on the disk stands for the host's own root; nobody inside can have it or give it.</summary>
    public const uint Host = 4_294_967_293;

    private readonly SafeFileHandle _namespace;

    private OwnerMap(TreeOwners owners, SafeFileHandle userNamespace) => (Owners, _namespace) = (owners, userNamespace);

    /// <summary>How files show.</summary>
    public TreeOwners Owners { get; }

    /// <summary>Makes the mapping.</summary>
    /// <param name="range">That of the sandboxes' user namespace, from 0 on.</param>
    /// <exception cref="IOException">No user namespace can be made here.</exception>
    public static OwnerMap Create(IdRange range) =>
        new(new TreeOwners(range.Outside, range.Count), UserNamespace.CreateAsync([range, new IdRange(Host, 0, 1)]).GetAwaiter().GetResult());

    /// <summary>Applies it to a detached mount.</summary>
    /// <exception cref="KernelException">EINVAL: the filesystem cannot do it.</exception>
    public void Apply(SafeFileHandle mount, bool recursive = false) => Mounts.MapOwners(mount, _namespace, recursive);

    /// <summary>Whether the filesystem of a directory can do it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="recursive">And all that are mounted below it.</param>
    /// <exception cref="KernelException">There is no such directory.</exception>
    public bool CanApply(string directory, bool recursive = false)
    {
        using SafeFileHandle copy = Mounts.OpenTree(
            Descriptors.WorkingDirectory, directory, recursive ? OpenTreeFlags.Clone | OpenTreeFlags.Recursive : OpenTreeFlags.Clone);
        try
        {
            Apply(copy, recursive);
            return true;
        }
        catch (KernelException e) when (e.Errno is Errno.EINVAL or Errno.EPERM)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _namespace.Dispose();
}
