namespace Sleigh.Runtime.Init;

/// <summary>The size of a terminal in characters.</summary>
public readonly record struct TerminalSize(ushort Rows, ushort Columns);
