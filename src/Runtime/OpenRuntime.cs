using Sleigh.Containerd;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>All parts of a running whole, opened and reconciled.</summary>
internal sealed record OpenRuntime(
    SandboxParts Parts, Sandboxes Sandboxes, SandboxFiles Files, LiveMounts Mounts, Ports Ports, Environments Environments, HostZones Zones,
    SnapshotDiffs Diffs, Exports.SnapshotExports Exports, Sessions Sessions, SessionEnds Ends, Images.Images Images, Images.ImageUpkeep ImageUpkeep, RuntimeHost Host,
    Inspection Inspection, Fsck Fsck, Idempotency Idempotency, Webhooks Webhooks, WebhookSender WebhookSender, WebhookDeliverer WebhookDeliverer,
    Retention Retention, Scrubs Scrubs,
    Memory.MemoryTeller Teller, Proc.ProcKeeper Proc, Networking.RefusalWatch Refusals, ContainerdClient Containerd, ContainerdSupervisor? Supervisor, NamespaceThread Namespaces, Linux.Sockets.NetworkThread Network,
    Slots.SandboxUsers Users, Slots.StraySlots Strays, Slots.SubtreeLock Subtree,
    DataLock Lock);
