namespace Sleigh.Runtime.Proc;

/// <summary>A file of the host that is laid over one of a slot's /proc or /sys, read-only.</summary>
internal readonly record struct ProcBind(string Source, string Target);
