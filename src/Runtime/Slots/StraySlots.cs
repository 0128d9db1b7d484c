using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Slots that no record names. A record goes last, so that there should be none; but containerd, cut off in the midst of making a task,
/// may start its shim after all has been removed. They are found by what is left of them on the host, and removed.
/// </summary>
internal sealed partial class StraySlots
{
    // Shims end a little after their tasks.
    private const int LooksAtEnd = 20;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(250);

    private readonly Func<SlotId, CancellationToken, Task> _destroy;
    private readonly SlotLeftovers _leftovers;
    private readonly Func<IEnumerable<(string Container, string Socket)>> _shims;
    private readonly RecordStore _records;
    private readonly CgroupHierarchy _hierarchy;
    private readonly SlotPaths _paths;
    private readonly string? _privateSocket;
    private readonly ILogger _logger;
    private HashSet<SlotId> _seen = [];
    private bool _isSweeping;

    /// <param name="destroy">Removes one.</param>
    /// <param name="leftovers">Told of those that could not be removed.</param>
    /// <param name="shims">The shims that run, each with its container and its containerd's socket.</param>
    /// <param name="records">What there is by right.</param>
    /// <param name="hierarchy">The host's cgroups.</param>
    /// <param name="paths">Where the parts of our slots lie.</param>
    /// <param name="privateSocket">The socket of a containerd that is ours alone; null where shims and slots of other installations may be its
    /// too: nothing is looked for then, but at the start.</param>
    /// <param name="logger">Told of each that is removed.</param>
    public StraySlots(
        Func<SlotId, CancellationToken, Task> destroy, SlotLeftovers leftovers, Func<IEnumerable<(string Container, string Socket)>> shims,
        RecordStore records, CgroupHierarchy hierarchy, SlotPaths paths, string? privateSocket, ILogger logger)
    {
        (_destroy, _leftovers, _shims) = (destroy, leftovers, shims);
        (_records, _hierarchy, _paths, _privateSocket, _logger) = (records, hierarchy, paths, privateSocket, logger);
    }

    /// <summary>Those there are now; a shim that is about to end by itself may be among them.</summary>
    public IReadOnlyList<SlotId> Find()
    {
        if (_privateSocket is null)
        {
            return [];
        }

        IReadOnlyList<(string Container, string Socket)> shims = [.. _shims()];
        HashSet<SlotId> found = [.. ByCgroup(shims).Concat(ByShim(shims))];
        if (found.Count > 0)
        {
            // Read after the look: a slot's record is there before any other part of it.
            found.ExceptWith(_records.ReadSlots().Select(s => s.Id));
        }

        return [.. found];
    }

    /// <summary>
    /// Removes those that were there at the last call already, so that what ends by itself may do so. While another call is at it, it only counts.
    /// </summary>
    /// <returns>How many were found and are not removed yet.</returns>
    public async Task<int> SweepAsync()
    {
        if (Interlocked.Exchange(ref _isSweeping, true))
        {
            return Find().Count;
        }

        try
        {
            return await SweepOnceAsync();
        }
        finally
        {
            Volatile.Write(ref _isSweeping, false);
        }
    }

    private async Task<int> SweepOnceAsync()
    {
        IReadOnlyList<SlotId> found = Find();
        HashSet<SlotId> before = Interlocked.Exchange(ref _seen, [.. found]);
        int left = found.Count;
        foreach (SlotId slot in found.Where(before.Contains))
        {
            Removing(_logger, slot.ToString());
            left -= await TryDestroyAsync(slot) ? 1 : 0;
        }

        return left;
    }

    /// <summary>Removes what is still recorded, once more, and what no record names: for a host on which no slot is to be left.</summary>
    /// <returns>The names of those that could not be removed; the log says why.</returns>
    public async Task<string[]> EndAllAsync()
    {
        foreach (SlotRecord record in _records.ReadSlots())
        {
            await TryDestroyAsync(record.Id);
        }

        for (int i = 0; i < LooksAtEnd; i++)
        {
            // What came up while others were being removed is there now, and was not at this look.
            await SweepAsync();
            if (Find().Count == 0)
            {
                break;
            }

            await Task.Delay(BetweenLooks);
        }

        return [.. _records.ReadSlots().Select(s => s.Id).Concat(Find()).Distinct().Select(s => s.ToString())];
    }

    private async Task<bool> TryDestroyAsync(SlotId slot)
    {
        try
        {
            await _destroy(slot, CancellationToken.None);
            return true;
        }
        catch (Exception e) when (SlotLeftovers.IsPassing(e))
        {
            _leftovers.Add(slot, e);
            return false;
        }
    }

    // Another installation may have the same subtree: where a shim serves another containerd, the slot is that one's.
    private IEnumerable<SlotId> ByCgroup(IReadOnlyList<(string Container, string Socket)> shims) =>
        _hierarchy.Mounts.Version1.Values.Append(_hierarchy.Root).Distinct()
            .SelectMany(root => Directory.EnumerateDirectories(root, $"*{SlotId.Prefix}*"))
            .Select(directory => _paths.OfInitCgroup(Path.GetFileName(directory)))
            .OfType<SlotId>()
            .Where(slot => !shims.Any(shim => shim.Container == slot.ToString() && shim.Socket != _privateSocket));

    private IEnumerable<SlotId> ByShim(IReadOnlyList<(string Container, string Socket)> shims) =>
        shims.Where(shim => shim.Socket == _privateSocket && SlotId.IsValid(shim.Container)).Select(shim => SlotId.Parse(shim.Container));

    [LoggerMessage(EventId = 1228, EventName = "end-slot", Level = LogLevel.Warning, Message = "Removing slot {Slot}: it came up after it had been given up")]
    private static partial void Removing(ILogger logger, string slot);
}
