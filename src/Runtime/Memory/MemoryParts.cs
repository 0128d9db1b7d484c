using Sleigh.Cgroups;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <summary>What <see cref="MemoryService"/> is made of.</summary>
internal sealed record MemoryParts(
    SandboxTable Table, RecordStore Records, SlotFactory Factory, HostGuard Guard, LiveOptions Options, MemoryTeller Teller,
    CgroupHierarchy Hierarchy, Func<MemoryInfo> Host, TimeProvider Time);
