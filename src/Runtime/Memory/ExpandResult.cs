namespace Sleigh.Runtime.Memory;

/// <summary>The contract's ExpandResult: what became of a manual growth.</summary>
/// <param name="Triggered">Whether the limit rose.</param>
/// <param name="FromMb">The limit before.</param>
/// <param name="ToMb">The limit after.</param>
/// <param name="Reason">The contract's sentence.</param>
/// <param name="CeilingMb">The ceiling.</param>
/// <param name="Clamped">Whether the target was lowered to the ceiling.</param>
public sealed record ExpandResult(bool Triggered, int FromMb, int ToMb, string Reason, int CeilingMb, bool Clamped);
