using Sleigh.Cgroups;

namespace Sleigh.Runtime.Slots;

/// <summary>What a slot's memory limit has done since the slot was made, by the kernel's counts; at most one of the first two is known.</summary>
/// <param name="Unified">Counted by version 2, for the slot and all leaves in it.</param>
/// <param name="LegacyKills">Processes killed for memory, counted by version 1 for the slot as a whole.</param>
/// <param name="Peak">The most memory the slot had so far; null where it is not known or was not asked for.</param>
internal readonly record struct LimitCounts(MemoryEvents? Unified, long? LegacyKills, long? Peak = null);
