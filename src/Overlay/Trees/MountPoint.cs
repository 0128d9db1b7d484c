using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A directory of a mounted tree that something may be mounted on, held by a descriptor.</summary>
public sealed class MountPoint : IDisposable
{
    private readonly TreePlace _place;

    private MountPoint(TreePlace place)
    {
        _place = place;
        FileStatus status = Files.Stat(place.Handle);
        Mounted = status.IsMountRoot ? status.MountId : null;
        if (status.Type != FileType.Directory)
        {
            throw TreeFileException.NotAllowed("", "there is something in the sandbox that is no directory", TreeObstacle.NoDirectory);
        }
    }

    /// <summary>The number of the mount that lies there already; null when none does.</summary>
    public ulong? Mounted { get; }

    internal SafeFileHandle Handle => _place.Handle;

    /// <summary>
    /// Finds a directory, through links inside the tree too, and makes what is missing (root's, mode 0755). Safe while hostile
    /// processes change the tree.
    /// </summary>
    /// <exception cref="TreeFileException">It cannot be made; <see cref="TreeFileException.Obstacle"/> may say why.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static MountPoint Ensure(SafeFileHandle root, string path, TreeOwners owners = default)
    {
        TreePlace place = TreeArchives.Ensure(root, path, owners);
        try
        {
            return new MountPoint(place);
        }
        catch (IOException)
        {
            place.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _place.Dispose();
}
