using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>What files take on the disk, found by walking: dear, and what layers share is counted in each.</summary>
internal static class LayerMeasure
{
    /// <summary>The least that is counted for a file, as empty ones have an inode too: that of ext4 takes 256 bytes, that of XFS 512.</summary>
    internal const int LeastBytes = 256;

    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;

    // Of the 4096 bytes that a path may have; a name has up to 255.
    private const int LongestPath = 3000;

    /// <summary>
    /// Blocks of everything below a directory at any depth, links not followed; a file with several names counts once. One descriptor at a time, and one more for every
    /// 3,000 bytes of a path.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static LayerHolding Of(SafeFileHandle root, CancellationToken cancellationToken)
    {
        HashSet<ulong> linked = [];
        long bytes = 0;
        long files = 0;
        Stack<Below> below = new([new Below(new Start(root, isOwn: false), ".")]);
        try
        {
            while (below.TryPop(out Below here))
            {
                using Start start = here.From;

                // Commands go on meanwhile: what is gone by the time it is looked at counts nothing.
                SafeFileHandle? directory = Files.TryOpen(start.Handle, here.Path, OpenDirectory, ResolveFlags.Beneath, out _);
                if (directory is null)
                {
                    continue;
                }

                bool isFar = here.Path.Bytes.Length > LongestPath;
                using Start next = isFar ? new Start(directory, isOwn: true) : start.Again();
                using SafeFileHandle? near = isFar ? null : directory;
                KernelPath path = isFar ? "." : here.Path;
                List<DirectoryEntry> entries = [];
                while (TryRead(directory, entries))
                {
                    foreach (DirectoryEntry entry in entries)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        if (Files.TryStat(directory, entry.Name, out _) is not FileStatus status)
                        {
                            continue;
                        }

                        bool isDirectory = status.Type == FileType.Directory;
                        if (isDirectory)
                        {
                            below.Push(new Below(next.Again(), path.Join(entry.Name)));
                        }

                        if (isDirectory || status.Links == 1 || linked.Add(status.Inode))
                        {
                            bytes += Math.Max(status.AllocatedBytes, LeastBytes);
                            files++;
                        }
                    }

                    entries.Clear();
                }
            }
        }
        finally
        {
            foreach (Below left in below)
            {
                left.From.Dispose();
            }
        }

        return new LayerHolding(bytes, files);
    }

    // A directory that is removed while it is read ends there.
    private static bool TryRead(SafeFileHandle directory, List<DirectoryEntry> entries)
    {
        try
        {
            return Files.ReadDirectoryBatch(directory, entries);
        }
        catch (KernelException gone) when (gone.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            return false;
        }
    }

    private readonly record struct Below(Start From, KernelPath Path);

    /// <summary>A directory that paths begin at, open for as long as one of them is to be looked at.</summary>
    private sealed class Start(SafeFileHandle handle, bool isOwn) : IDisposable
    {
        private int _users = 1;

        public SafeFileHandle Handle => handle;

        public Start Again()
        {
            _users++;
            return this;
        }

        public void Dispose()
        {
            if (--_users == 0 && isOwn)
            {
                handle.Dispose();
            }
        }
    }
}
