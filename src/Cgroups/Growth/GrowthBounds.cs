namespace Sleigh.Cgroups.Growth;

/// <summary>Between what a limit may move. Bytes.</summary>
/// <param name="Start">What was asked for; the brake is never lowered below it.</param>
/// <param name="Ceiling">Neither brake nor wall passes it; at least <paramref name="Start"/>.</param>
/// <param name="Automatic">Whether it moves by itself; where not, brake and wall are one.</param>
public readonly record struct GrowthBounds(long Start, long Ceiling, bool Automatic);
