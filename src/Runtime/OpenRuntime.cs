using Sleigh.Containerd;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>All parts of a running whole, opened and reconciled.</summary>
internal sealed record OpenRuntime(
    SandboxParts Parts, Sandboxes Sandboxes, SandboxFiles Files, Sessions Sessions, SessionEnds Ends, Images.Images Images,
    Images.ImageUpkeep ImageUpkeep, RuntimeHost Host, Inspection Inspection, Idempotency Idempotency,
    ContainerdClient Containerd, ContainerdSupervisor? Supervisor, NamespaceThread Namespaces, DataLock Lock);
