using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Turns what mount(2) puts at a path into a detached mount, for kernels whose fsconfig cannot take an overlay's layers.
/// It must be done in the host's namespace: a layer's own mount has to be there (EINVAL otherwise).
/// </summary>
internal sealed class StagingDirectory
{
    private readonly Lock _oneAtATime = new();
    private readonly string _path;

    public StagingDirectory(string path)
    {
        PrivateDirectory.Ensure(path);
        _path = Files.RealPath(path);
        foreach (MountEntry left in MountInfo.Read().Where(mount => mount.MountPoint == _path))
        {
            Mounts.Unmount(left.MountPoint, detach: true);
        }
    }

    public SafeFileHandle MountDetached(string type, MountFlags flags, string options)
    {
        lock (_oneAtATime)
        {
            Mounts.Mount("sleigh", _path, type, flags, options);
            try
            {
                SafeFileHandle mount = Mounts.OpenTree(Descriptors.WorkingDirectory, _path, OpenTreeFlags.Clone);
                // A clone of a mount on a shared parent is shared as well.
                Mounts.SetAttributes(mount, MountAttributes.None, makePrivate: true, recursive: false);
                return mount;
            }
            finally
            {
                Mounts.Unmount(_path, detach: true);
            }
        }
    }

    /// <summary>
    /// Puts detached mounts into this process's mount namespace while something is done with them: before Linux 6.15 overlayfs takes no layer that is not in it
    /// (EINVAL). They go all at once, with the copy of the directory that they lie in; afterwards the descriptors are all that is left of them.
    /// </summary>
    public T WithAttached<T>(IReadOnlyList<SafeFileHandle> mounts, Func<T> work)
    {
        lock (_oneAtATime)
        {
            using SafeFileHandle here = Files.Open(_path, OpenFlags.PathOnly | OpenFlags.Directory);
            using SafeFileHandle top = Mounts.OpenTree(here, default, OpenTreeFlags.Clone);
            Mounts.Move(top, here);
            try
            {
                // On a shared parent it has become shared, and what is put into it would show elsewhere too.
                Mounts.SetAttributes(top, MountAttributes.None, makePrivate: true, recursive: false);
                for (int i = 0; i < mounts.Count; i++)
                {
                    using SafeFileHandle place = TreePaths.EnsureExactDirectory(top, string.Create(CultureInfo.InvariantCulture, $"/{i}"));
                    Mounts.Move(mounts[i], place);
                }

                return work();
            }
            finally
            {
                Mounts.Unmount(_path, detach: true);
            }
        }
    }
}
