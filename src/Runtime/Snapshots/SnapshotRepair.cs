using Microsoft.Extensions.Logging;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>Compares recorded snapshots with their layers when the daemon starts: a record without a whole layer is taken out, and told.</summary>
internal sealed partial class SnapshotRepair
{
    private const string Boot = "boot_id";

    private readonly RecordStore _records;
    private readonly LayerStore _layers;
    private readonly Func<string> _bootId;
    private readonly ILogger _logger;

    /// <param name="records">The records.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="bootId">A text that is another one after each start of the host.</param>
    /// <param name="logger">Where sentences go.</param>
    public SnapshotRepair(RecordStore records, LayerStore layers, Func<string> bootId, ILogger logger) =>
        (_records, _layers, _bootId, _logger) = (records, layers, bootId, logger);

    /// <summary>proc(5): made by the kernel at each boot.</summary>
    public static string ReadBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Does it, before records are read for anything else. It may be cut off anywhere: the next start does it again.</summary>
    public void Run()
    {
        string boot = _bootId();
        bool sameBoot = _records.MetaOrAdd(Boot, () => boot) == boot;
        LayerInventory there = _layers.List();
        HashSet<string> layers = [.. there.Sealed.Select(layer => layer.ToString())];
        Snapshot[] recorded = [.. _records.ReadSnapshots().Where(s => s.State == SnapshotState.Sealed).Select(s => s.Snapshot)];
        if (recorded.Length > 0 && there.Live.Count + there.Sealed.Count == 0)
        {
            // Another store than the one the records are of: it may come back.
            Empty(_logger, recorded.Length);
            return;
        }

        foreach (Snapshot snapshot in recorded)
        {
            // What was written before a kill of the daemon alone is in the kernel's hands. After a start of the host nothing says that it is whole.
            string? why = !layers.Contains(LayerId.Sealed(snapshot.Id.Hex).ToString()) ? "its layer is gone"
                : !snapshot.Durable && !sameBoot ? "the host went down before its files were known to be on the disk"
                : null;
            if (why is not null)
            {
                _records.MarkSnapshotLost(snapshot);
                Lost(_logger, snapshot.Id.ToString(), snapshot.Sandbox.ToString(), why);
            }
        }

        _ = _records.ReplaceMeta(Boot, boot);
    }

    [LoggerMessage(EventId = 1507, EventName = "reconcile", Level = LogLevel.Error, Message = "The layer store is empty, and {Snapshots} snapshots are recorded; their records stay")]
    private static partial void Empty(ILogger logger, int snapshots);

    [LoggerMessage(EventId = 1506, EventName = "reconcile", Level = LogLevel.Error, Message = "{Snapshot} of {Sandbox} is lost: {Why}")]
    private static partial void Lost(ILogger logger, string snapshot, string sandbox, string why);
}
