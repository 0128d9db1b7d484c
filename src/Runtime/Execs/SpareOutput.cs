namespace Sleigh.Runtime;

/// <summary>Output files that wait for an exec.</summary>
/// <param name="Id">What that exec will be called; its directory has the name.</param>
/// <param name="Files">Open, without input.</param>
internal sealed record SpareOutput(ExecId Id, SpoolFiles Files);
