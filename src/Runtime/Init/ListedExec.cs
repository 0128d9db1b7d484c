namespace Sleigh.Runtime.Init;

/// <summary>An exec that sleigh-init remembers.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Pid">The main process's number inside the sandbox; 0 when there was none.</param>
public sealed record ListedExec(ExecId Id, ExecState State, int Pid);
