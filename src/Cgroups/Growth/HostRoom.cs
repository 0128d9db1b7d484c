namespace Sleigh.Cgroups.Growth;

/// <summary>What the ledger would still promise to one cgroup.</summary>
/// <param name="Bytes">
/// By how much its wall may rise above what it holds promised now; at least 0. It holds promised its wall (or what it uses, where that is
/// more) once its brake stands above its start, and before only what it uses.
/// </param>
/// <param name="Reason">What sets that bound, as a phrase that fits behind "refused:".</param>
/// <param name="Lacking">What has to be taken back before there is any room for it, since others go before it; 0 where there is some.</param>
public readonly record struct HostRoom(long Bytes, string Reason, long Lacking = 0);
