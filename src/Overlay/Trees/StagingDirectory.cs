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
}
