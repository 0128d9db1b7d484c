using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A part of a directory, in the order of the names' bytes.</summary>
/// <param name="Entries">Names and what has them; what vanished meanwhile is left out.</param>
/// <param name="Next">Ask for names behind this one for the next part; null when there are no more.</param>
public sealed record TreeListing(IReadOnlyList<TreeListingEntry> Entries, KernelPath? Next)
{
    private static readonly Comparer<KernelPath> Descending = Comparer<KernelPath>.Create((a, b) => b.Bytes.SequenceCompareTo(a.Bytes));

    /// <summary>Reads it: the whole directory once, of which the first names in order are kept.</summary>
    internal static TreeListing Read(SafeFileHandle directory, KernelPath after, int limit, CancellationToken cancellationToken)
    {
        // The last in order on top; one more than the limit tells whether there are more.
        var kept = new PriorityQueue<KernelPath, KernelPath>(Descending);
        var batch = new List<DirectoryEntry>();
        while (Files.ReadDirectoryBatch(directory, batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (DirectoryEntry entry in batch)
            {
                if (!after.IsEmpty && entry.Name.Bytes.SequenceCompareTo(after.Bytes) <= 0)
                {
                    continue;
                }

                if (kept.Count <= limit)
                {
                    kept.Enqueue(entry.Name, entry.Name);
                }
                else
                {
                    kept.EnqueueDequeue(entry.Name, entry.Name);
                }
            }

            batch.Clear();
        }

        bool hasMore = kept.Count > limit;
        if (hasMore)
        {
            kept.Dequeue();
        }

        var names = new KernelPath[kept.Count];
        for (int i = names.Length - 1; i >= 0; i--)
        {
            names[i] = kept.Dequeue();
        }

        return new TreeListing([.. names.Select(name => Describe(directory, name)).OfType<TreeListingEntry>()], hasMore ? names[^1] : (KernelPath?)null);
    }

    private static TreeListingEntry? Describe(SafeFileHandle directory, KernelPath name)
    {
        if (Files.TryStat(directory, name, out _) is not FileStatus status)
        {
            return null;
        }

        try
        {
            return new TreeListingEntry(
                name, new TreeFileStatus(status, status.Type == FileType.SymbolicLink ? Files.ReadLink(directory, name) : (KernelPath?)null));
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.EINVAL)
        {
            // The link was replaced in this moment.
            return null;
        }
    }
}

/// <summary>One name of a directory.</summary>
/// <param name="Name">Its bytes.</param>
/// <param name="Found">What has it; a link is described itself.</param>
public sealed record TreeListingEntry(KernelPath Name, TreeFileStatus Found);
