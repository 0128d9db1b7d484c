namespace Sleigh.Runtime.Init;

/// <summary>The main process of an exec has ended; its record file and its spools are complete.</summary>
/// <param name="Id">The exec.</param>
/// <param name="Record">What the record file says, without reading it.</param>
public sealed record ExecEnded(ExecId Id, ExecRecord Record);
