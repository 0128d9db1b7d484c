using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Overlay;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>What <see cref="Sandboxes"/> is made of.</summary>
internal sealed record SandboxParts
{
    public required SandboxTable Table { get; init; }

    public required SnapshotTable Snapshots { get; init; }

    /// <summary>Snapshots whose files are being read.</summary>
    public SnapshotHolds SnapshotHolds { get; } = new();

    public required SandboxStarter Starter { get; init; }

    public required Execs Execs { get; init; }

    public required SlotPool Pool { get; init; }

    public required MemoryService Memory { get; init; }

    /// <summary>Null on a host where limits cannot grow by themselves.</summary>
    public required GrowthLoop? Growth { get; init; }

    public required SandboxNetworks Networks { get; init; }

    public required MountAttacher Mounts { get; init; }

    public required LayerStore Layers { get; init; }

    public required DiskLimits DiskLimits { get; init; }

    public required ImageStore Images { get; init; }

    public required ImageParts ImageParts { get; init; }

    public required RecordStore Records { get; init; }

    public required FileWrites FileWrites { get; init; }

    public required Spool Spool { get; init; }

    public required HostGuard Guard { get; init; }

    public required LiveOptions Options { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    public required Background Background { get; init; }

    public required Traffic Traffic { get; init; }
}
