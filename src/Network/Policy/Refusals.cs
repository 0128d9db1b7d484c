namespace Sleigh.Network;

/// <summary>Packets of a sandbox that were refused, by reason.</summary>
/// <param name="Denied">As <see cref="RefusalReason.Denied"/>.</param>
/// <param name="Protected">As <see cref="RefusalReason.Protected"/>.</param>
/// <param name="NotAllowed">As <see cref="RefusalReason.NotAllowed"/>.</param>
/// <param name="Connections">As <see cref="RefusalReason.Connections"/>.</param>
public readonly record struct Refusals(long Denied, long Protected, long NotAllowed, long Connections)
{
    /// <summary>All of them.</summary>
    public long Total => Denied + Protected + NotAllowed + Connections;

    /// <summary>These and so many more for one reason.</summary>
    public Refusals With(RefusalReason reason, long packets) => reason switch
    {
        RefusalReason.Denied => this with { Denied = Denied + packets },
        RefusalReason.Protected => this with { Protected = Protected + packets },
        RefusalReason.NotAllowed => this with { NotAllowed = NotAllowed + packets },
        _ => this with { Connections = Connections + packets },
    };

    /// <summary>What has come since an earlier count of the same counters. Never below zero: counters that were made anew begin again.</summary>
    public Refusals Since(Refusals before) => new(
        Grown(Denied, before.Denied), Grown(Protected, before.Protected), Grown(NotAllowed, before.NotAllowed), Grown(Connections, before.Connections));

    private static long Grown(long now, long before) => now >= before ? now - before : now;
}
