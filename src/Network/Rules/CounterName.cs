namespace Sleigh.Network;

/// <summary>The names of a sandbox's counters: its namespace's, and the reason behind it, such as <c>net_0123456789ab_denied</c>.</summary>
internal static class CounterName
{
    private static readonly (RefusalReason Reason, string End)[] Ends =
    [
        (RefusalReason.Denied, "_denied"), (RefusalReason.Protected, "_protected"), (RefusalReason.NotAllowed, "_not_allowed"),
        (RefusalReason.Connections, "_connections"),
    ];

    /// <summary>Those of one namespace.</summary>
    public static IEnumerable<string> All(string chain) => Ends.Select(e => chain + e.End);

    /// <summary>One of them.</summary>
    public static string Of(string chain, RefusalReason reason) => chain + Ends.First(e => e.Reason == reason).End;

    /// <summary>Reads one.</summary>
    public static bool TryParse(string text, out NamespaceName owner, out RefusalReason reason)
    {
        foreach ((RefusalReason candidate, string end) in Ends)
        {
            if (text.EndsWith(end, StringComparison.Ordinal) && NamespaceName.TryParse(text[..^end.Length], out owner))
            {
                reason = candidate;
                return true;
            }
        }

        (owner, reason) = (default, default);
        return false;
    }
}
