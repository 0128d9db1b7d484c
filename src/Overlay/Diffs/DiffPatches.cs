using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Adds to a page of differences what has changed in the text files. A page whose patches grow too much, or take too long, ends early.</summary>
internal sealed class DiffPatches
{
    private const long MostBytes = 8 << 20;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(3);

    private readonly DiffTree _before;
    private readonly DiffTree _after;
    private readonly int _most;
    private readonly CancellationToken _cancellationToken;

    public DiffPatches(DiffTree before, DiffTree after, int most, CancellationToken cancellationToken) =>
        (_before, _after, _most, _cancellationToken) = (before, after, most, cancellationToken);

    /// <summary>The page with patches; shorter, with more to come, where its bounds are met.</summary>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public TreeDiffPage AddTo(TreeDiffPage page)
    {
        long began = Stopwatch.GetTimestamp();
        long bytes = 0;
        List<TreeDifference> items = [];
        foreach (TreeDifference item in page.Items)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            FilePatch? patch = Of(item);
            items.Add(item with { Patch = patch });
            bytes += patch?.Text is string text ? Encoding.UTF8.GetByteCount(text) : 0;
            if (bytes > MostBytes || Stopwatch.GetElapsedTime(began) > MostTime)
            {
                break;
            }
        }

        return page with { Items = items, HasMore = page.HasMore || items.Count < page.Items.Count };
    }

    private FilePatch? Of(TreeDifference item)
    {
        if ((item.Before ?? item.After)!.Value.Type != FileType.Regular || (item.After ?? item.Before)!.Value.Type != FileType.Regular)
        {
            return null;
        }

        if (item.Before?.Size > _most || item.After?.Size > _most)
        {
            return new FilePatch(null, "too_large");
        }

        byte[]? before = item.Before is null ? [] : Read(_before, item.From ?? item.Path);
        byte[]? after = item.After is null ? [] : Read(_after, item.Path);
        if (before is null || after is null)
        {
            return new FilePatch(null, "too_large"); // it has grown meanwhile
        }

        if (!IsText(before) || !IsText(after))
        {
            return new FilePatch(null, "binary");
        }

        return UnifiedDiff.Hunks(Encoding.UTF8.GetString(before), Encoding.UTF8.GetString(after)) switch
        {
            null => new FilePatch(null, "too_different"),
            "" when item.Change == TreeChange.Modified && !PatchHeader.ChangesMode(item) => null,
            string hunks => new FilePatch(PatchHeader.Of(item, hunks.Length > 0) + hunks, null),
        };
    }

    // What has gone meanwhile was empty.
    private byte[]? Read(DiffTree tree, KernelPath path)
    {
        using SafeFileHandle? file = tree.TryOpenFile(KernelPath.FromBytes(path.Bytes[1..]));
        if (file is null)
        {
            return [];
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(_most + 1);
        try
        {
            int length = 0;
            int read;
            while (length <= _most && (read = RandomAccess.Read(file, buffer.AsSpan(length, _most + 1 - length), length)) > 0)
            {
                length += read;
            }

            return length > _most ? null : buffer[..length];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => !bytes.Contains((byte)0) && Utf8.IsValid(bytes);
}
