namespace Sleigh.Runtime;

/// <summary>
/// How many connections into sandboxes the daemon holds at once: each takes two of its descriptors, and the rest of it needs some too. One session has
/// half at most of what the others leave, so that there is always room for another.
/// </summary>
internal sealed class ConnectionBudget(int most)
{
    private const int DescriptorsOfOne = 2;
    private const int LargestMost = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, int> _held = [];
    private int _open;

    /// <summary>The most at once.</summary>
    public int Most { get; } = most;

    /// <summary>Those that take up half of a limit of descriptors, at most 65536.</summary>
    public static ConnectionBudget Of(ulong descriptors) => new((int)Math.Min(descriptors / 2 / DescriptorsOfOne, LargestMost));

    /// <summary>Takes a place.</summary>
    /// <param name="owner">Whose sandbox it is.</param>
    /// <returns>Null; or, with no place taken, why there is none.</returns>
    public RuntimeException? Enter(SessionId owner)
    {
        lock (_lock)
        {
            if (_open >= Most)
            {
                return RuntimeException.Quota("connections", Most, $"{Most} connections into sandboxes are open on this host already; close one first");
            }

            int held = _held.GetValueOrDefault(owner);
            int share = (Most - (_open - held) + 1) / 2;
            if (held >= share)
            {
                return RuntimeException.Quota(
                    "connections_per_session", share, $"{held} connections into sandboxes of the session are open already, half of what is free on this host; close one first");
            }

            _held[owner] = held + 1;
            _open++;
            return null;
        }
    }

    /// <summary>Gives one back.</summary>
    public void Leave(SessionId owner)
    {
        lock (_lock)
        {
            _open--;
            if (--_held[owner] == 0)
            {
                _held.Remove(owner);
            }
        }
    }
}
