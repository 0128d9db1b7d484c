namespace Sleigh.Runtime.Memory;

/// <summary>What is taken from one sandbox for the sake of another. Bytes.</summary>
/// <param name="Name">Whom it is taken from.</param>
/// <param name="Brake">Its next brake, at most the present one, at least its start.</param>
/// <param name="Wall">Its next wall, at most the present one.</param>
/// <param name="Reclaim">Bytes for <c>memory.reclaim</c>, after both are written; 0: none.</param>
/// <param name="Freeze">Whether it is to be frozen first.</param>
/// <param name="Reason">Why.</param>
public sealed record TakeBack(string Name, long Brake, long Wall, long Reclaim, bool Freeze, string Reason);
