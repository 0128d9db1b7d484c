namespace Sleigh.Network;

/// <summary>A sandbox that asks for names.</summary>
internal sealed class NameAsker
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private EgressPolicy _policy;
    private long _refused;
    private long _withheld;
    private DateTimeOffset _paid;

    public NameAsker(NamespaceName name, EgressPolicy policy) => (Name, _policy) = (name, policy);

    /// <summary>Its namespace.</summary>
    public NamespaceName Name { get; }

    /// <summary>Its policy.</summary>
    public EgressPolicy Policy
    {
        get => Volatile.Read(ref _policy);
        set => Volatile.Write(ref _policy, value);
    }

    /// <summary>What was counted.</summary>
    public NameCounts Counts => new(Interlocked.Read(ref _refused), Interlocked.Read(ref _withheld));

    /// <summary>Counts a question that is not answered.</summary>
    public void CountRefused() => Interlocked.Increment(ref _refused);

    /// <summary>Counts addresses that are left out; true: they are the first ones.</summary>
    public bool CountWithheld(int addresses) => Interlocked.Add(ref _withheld, addresses) == addresses;

    /// <summary>
    /// How long the next change of its addresses has to wait: ten in a second, after twenty at once. Each change runs a program, of which there is one at a time for all.
    /// </summary>
    public TimeSpan Wait(DateTimeOffset now)
    {
        lock (_lock)
        {
            DateTimeOffset least = now - Burst;
            _paid = (_paid < least ? least : _paid) + Pace;
            return _paid > now ? _paid - now : TimeSpan.Zero;
        }
    }
}
