using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Removing what a tree did not have.</summary>
internal static class RestoreRemoval
{
    /// <summary>Removes a name with all below it, unless somebody was quicker.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>: something is mounted there or below.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Remove(SafeFileHandle directory, KernelPath name, string path, CancellationToken cancellationToken)
    {
        if (Files.TryStat(directory, name, out _) is not FileStatus status)
        {
            return;
        }

        if (status.MountId != Files.Stat(directory).MountId)
        {
            throw TreeFileException.NotAllowed(path, "something is mounted there");
        }

        if (status.Type == FileType.Directory)
        {
            TreeRemoval.Run(directory, name, path, cancellationToken);
            return;
        }

        try
        {
            Files.Unlink(directory, name);
        }
        catch (KernelException ex) when (ex.Errno == Errno.ENOENT)
        {
            // Somebody was quicker.
        }
    }
}
