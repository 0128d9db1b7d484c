namespace Sleigh.Runtime;

/// <summary>An exec and the tails of its output as the contract shows them: the last 3000 code points, with a first line when cut.</summary>
public sealed record ExecResult(Exec Exec, string Stdout, string Stderr);
