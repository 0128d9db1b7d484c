using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>What files take on the disk, found by walking: dear, and what layers share is counted in each.</summary>
internal static class LayerMeasure
{
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;

    /// <summary>
    /// Blocks of everything below a directory, links not followed; a file with several names counts once. One descriptor at a time: what
    /// lies deeper than a path of 4096 bytes is left out.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static long Of(SafeFileHandle root, CancellationToken cancellationToken)
    {
        HashSet<ulong> linked = [];
        long bytes = 0;
        Stack<KernelPath> below = new([KernelPath.FromString(".")]);
        while (below.TryPop(out KernelPath path))
        {
            // Commands go on meanwhile: what is gone by the time it is looked at counts nothing.
            using SafeFileHandle? directory = Files.TryOpen(root, path, OpenDirectory, ResolveFlags.Beneath, out _);
            if (directory is null)
            {
                continue;
            }

            foreach (DirectoryEntry entry in Files.ReadDirectory(directory))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Files.TryStat(directory, entry.Name, out _) is not FileStatus status)
                {
                    continue;
                }

                bool isDirectory = status.Type == FileType.Directory;
                if (isDirectory)
                {
                    below.Push(path.Join(entry.Name));
                }

                bytes += isDirectory || status.Links == 1 || linked.Add(status.Inode) ? status.AllocatedBytes : 0;
            }
        }

        return bytes;
    }
}
