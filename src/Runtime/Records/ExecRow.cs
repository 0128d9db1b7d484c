using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>All that is kept of an exec across restarts.</summary>
/// <param name="Exec">What callers see.</param>
/// <param name="Slot">Where it runs.</param>
/// <param name="TimeLimit">Its own time limit, counted from its start.</param>
/// <param name="KillAt">When TERM is followed by KILL; set once it is being ended.</param>
/// <param name="Cause">Why it is being ended.</param>
/// <param name="Rollback">The rollback it sets off before it is final; null: none.</param>
internal sealed record ExecRow(Exec Exec, SlotId Slot, TimeSpan? TimeLimit, DateTimeOffset? KillAt, ExecEndCause Cause, OomIntent? Rollback = null);
