namespace Sleigh.Runtime;

/// <summary>Where a sandbox lies on the host. The slot's members are null while it has exited.</summary>
/// <param name="Slot">The slot it runs in.</param>
/// <param name="ProcessId">PID 1 as the host sees it.</param>
/// <param name="Cgroup">The cgroup of all its commands.</param>
/// <param name="Layer">Its live layer.</param>
public sealed record SandboxPlace(string? Slot, int? ProcessId, string? Cgroup, string Layer);
