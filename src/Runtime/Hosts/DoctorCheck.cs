namespace Sleigh.Runtime;

/// <summary>One fact about the host: <c>ok</c>, <c>warn</c> or <c>fail</c>, what was seen, and the command that mends it.</summary>
public sealed record DoctorCheck(string Name, string Result, string Seen, string? Remedy);
