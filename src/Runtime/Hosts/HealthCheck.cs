namespace Sleigh.Runtime;

/// <summary>One check of readiness: <c>containerd</c>, <c>cgroup</c>, <c>storage</c> or <c>database</c>.</summary>
public sealed record HealthCheck(string Name, bool Ok, string? Message);
