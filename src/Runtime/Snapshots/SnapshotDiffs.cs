using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="ISnapshotDiffs"/>
internal sealed partial class SnapshotDiffs : ISnapshotDiffs
{
    private readonly SandboxTable _table;
    private readonly SnapshotTable _snapshots;
    private readonly LayerStore _layers;
    private readonly ImageStore _images;
    private readonly TreeMounter _mounter;
    private readonly SealedTrees _sealed;
    private readonly ILogger _logger;

    public SnapshotDiffs(SandboxParts parts, TreeMounter mounter) => (_table, _snapshots, _layers, _images, _mounter, _sealed, _logger) =
        (parts.Table, parts.Snapshots, parts.Layers, parts.Images, mounter, new SealedTrees(parts, mounter), parts.Logger);

    /// <inheritdoc/>
    public Snapshot Require(SandboxId id, string snapshotId) => SnapshotLookup.Require(_snapshots, id, snapshotId);

    /// <inheritdoc/>
    public async Task<SnapshotDiff> CompareAsync(
        SandboxId id, Snapshot from, Snapshot? to, DiffQuery query, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        PhaseClock clock = new();
        try
        {
            // Compared with live files, both sides show their owners in the same way.
            OwnerMap? owners = to is null ? entry.Slot?.OwnerMap : null;
            using SealedTree opened = await _sealed.OpenAsync(from, owners, cancellationToken);
            TreeDiffSide before = Side(opened, from);
            TreeDiffPage page = to is null
                ? await CompareLiveAsync(entry, before, owners, query, cancellationToken)
                : await CompareSealedAsync(before, to, query, cancellationToken);
            _ = _table.Require(id);
            Compared(_logger, from.Id.ToString(), to?.Id.ToString() ?? "live", page.Items.Count, clock.Total.TotalMilliseconds);
            return Describe(page, query);
        }
        catch (TreeFileException e) when (e.Failure == TreeFailure.NotAllowed)
        {
            throw new RuntimeException(ErrorKind.PathNotAllowed, e.Message, e);
        }
        catch (Exception e) when (e is LayerConflictException or ContainerdException || (e is KernelException k && k.Errno is Errno.ENOENT or Errno.ESTALE))
        {
            // It may be that one of the snapshots, or the live files of before a rollback, have just gone.
            _ = _table.Require(id);
            _ = Require(id, from.Id.ToString());
            _ = to is null ? null : Require(id, to.Id.ToString());
            throw Failures.Translate(e, ErrorKind.SandboxBusy, $"the files of sandbox {id} went away while they were compared");
        }
    }

    private async Task<TreeDiffPage> CompareSealedAsync(
        TreeDiffSide before, Snapshot to, DiffQuery query, CancellationToken cancellationToken)
    {
        using SealedTree after = await _sealed.OpenAsync(to, null, cancellationToken);
        return await TreeDiff.RunAsync(before, Side(after, to), Query(query), cancellationToken);
    }

    // A sandbox that has exited is not started for this: its layers are mounted as they are.
    private async Task<TreeDiffPage> CompareLiveAsync(
        SandboxEntry entry, TreeDiffSide before, OwnerMap? owners, DiffQuery query, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> image = await _images.LowersAsync(entry.Record.Chain, cancellationToken);
        Slot? slot = entry.Slot;
        using IDisposable? use = slot?.Users.TryEnter();
        LiveLayer live = await _layers.OpenLiveAsync(LayerId.Parse(slot?.Layer ?? entry.Record.Layer), renewWork: false, cancellationToken);
        IReadOnlyList<string> layers = [live.Upper, .. live.SealedLowers, .. image];
        using SafeFileHandle root = use is not null && slot?.OwnerMap == owners && slot?.Tree is SafeFileHandle tree
            ? Files.Open(tree, ".", OpenFlags.PathOnly | OpenFlags.Directory)
            : await _mounter.OpenReadOnlyAsync(layers, owners, cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, use is null ? CancellationToken.None : slot!.Users.Ended);
        try
        {
            return await TreeDiff.RunAsync(before, new TreeDiffSide { Root = root, Layers = layers }, Query(query), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw entry.IsDeleted
                ? RuntimeException.NoSandbox(entry.Id)
                : new RuntimeException(ErrorKind.SandboxBusy, $"sandbox {entry.Id} ended or was rolled back while its files were compared")
                {
                    Hint = "send the request again",
                };
        }
    }

    private static TreeDiffSide Side(SealedTree tree, Snapshot snapshot) => new() { Root = tree.Root, Layers = tree.Layers, SealedAt = snapshot.Created };

    private static TreeDiffQuery Query(DiffQuery query) => new()
    {
        Prefix = [.. query.Prefix.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(KernelPath.FromString)],
        After = KernelPath.FromBytes(query.After.Span),
        Limit = query.Limit,
        Renames = query.Renames,
        PatchMaxBytes = query.PatchMaxBytes,
    };

    private static SnapshotDiff Describe(TreeDiffPage page, DiffQuery query) => new(
        [.. page.Items.Select(Describe)], page.HasMore, page.Summary.Added, page.Summary.Modified, page.Summary.Deleted, page.Summary.BytesAdded)
    {
        Renamed = query.Renames ? page.Summary.Renamed : null, RenamesTruncated = page.RenamesTruncated,
    };

    private static SnapshotDifference Describe(TreeDifference i) =>
        new(i.Path.Bytes.ToArray(), Word(i.Change), Describe(i.Before), Describe(i.After))
        {
            From = i.From is KernelPath from ? from.Bytes.ToArray() : (ReadOnlyMemory<byte>?)null, Patch = i.Patch?.Text, PatchSkipped = i.Patch?.Skipped,
        };

    private static DiffedFile? Describe(FileStatus? status) => status is not FileStatus s
        ? null
        : new DiffedFile(SandboxFiles.KindOf(s.Type), s.Type == FileType.Regular ? s.Size : null, s.Mode);

    private static string Word(TreeChange change) => change switch
    {
        TreeChange.Added => "added",
        TreeChange.Modified => "modified",
        TreeChange.Deleted => "deleted",
        TreeChange.TypeChanged => "type_changed",
        TreeChange.Renamed => "renamed",
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "a change without a word"),
    };

    [LoggerMessage(EventId = 1490, EventName = "diff", Level = LogLevel.Debug, Message = "Compared {From} with {To}: {Items} differences shown, {Milliseconds:F1} ms")]
    private static partial void Compared(ILogger logger, string from, string to, int items, double milliseconds);
}
