namespace Sleigh.Cgroups.Growth;

/// <summary>A growth that was refused and not yet made good.</summary>
/// <param name="Trigger">What set it off.</param>
/// <param name="Cause">What stands in the way.</param>
/// <param name="Since">The first refusal of this episode.</param>
/// <param name="Seen">The last moment at which the kernel's figures themselves asked for it.</param>
/// <param name="Wanted">The brake that was wanted last.</param>
public sealed record GrowthWait(GrowthTrigger Trigger, RefusalCause Cause, TimeSpan Since, TimeSpan Seen, long Wanted);
