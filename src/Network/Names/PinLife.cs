namespace Sleigh.Network;

/// <summary>
/// How long an address that a name has is let through. Longer than its life: who has asked may use it until that is over, and a little later too. Connections that
/// are open by then go on.
/// </summary>
internal static class PinLife
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeastLeft = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Most = TimeSpan.FromDays(1);

    /// <summary>From the answer on: a minute at least, a day at most.</summary>
    public static TimeSpan Granted(TimeSpan life) => Clamp(life + Grace, Least);

    /// <summary>What must be left of it where the address is answered again and nothing is done.</summary>
    public static TimeSpan Needed(TimeSpan life) => Clamp(life < Most - Grace ? life : Most - Grace, LeastLeft);

    private static TimeSpan Clamp(TimeSpan life, TimeSpan least) => life < least ? least : life > Most ? Most : life;
}
