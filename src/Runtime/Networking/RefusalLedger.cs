using Sleigh.Network;

namespace Sleigh.Runtime.Networking;

/// <summary>
/// Decides when a sandbox's refused packets are told: when its counters have grown, and not sooner than <see cref="Pace"/> after the last time, twice as long
/// each time it goes on, up to <see cref="Slowest"/>: of a session's events only so many are kept. What is not told now is told with what comes later.
/// </summary>
internal sealed class RefusalLedger
{
    /// <summary>The shortest time between two events of one sandbox.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(10);

    /// <summary>The longest, while packets are refused all the time.</summary>
    public static readonly TimeSpan Slowest = TimeSpan.FromMinutes(15);

    private readonly Dictionary<SandboxId, Told> _told = [];

    /// <summary>Takes counts for told, such as those of before a restart.</summary>
    public void Begin(SandboxId sandbox, NamespaceName network, Refusals counts) => _told[sandbox] = new Told(network, counts, null, Pace);

    /// <summary>What is to be told now; null: nothing.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="network">Its namespace; in another one than the last time its counters have begun at zero.</param>
    /// <param name="counts">Its counters.</param>
    /// <param name="now">The time.</param>
    public Refusals? Hear(SandboxId sandbox, NamespaceName network, Refusals counts, DateTimeOffset now)
    {
        Told last = _told.TryGetValue(sandbox, out Told? known) ? known : new Told(network, default, null, Pace);
        Refusals since = counts.Since(last.Network == network ? last.Counts : default);
        if (since.Total == 0 || now - last.At < last.Wait)
        {
            return null;
        }

        bool goesOn = now - last.At < last.Wait * 2;
        _told[sandbox] = new Told(network, counts, now, !goesOn ? Pace : last.Wait * 2 < Slowest ? last.Wait * 2 : Slowest);
        return since;
    }

    /// <summary>Forgets all but these.</summary>
    public void Keep(IReadOnlySet<SandboxId> sandboxes)
    {
        foreach (SandboxId gone in _told.Keys.Where(id => !sandboxes.Contains(id)).ToArray())
        {
            _told.Remove(gone);
        }
    }

    private sealed record Told(NamespaceName Network, Refusals Counts, DateTimeOffset? At, TimeSpan Wait);
}
