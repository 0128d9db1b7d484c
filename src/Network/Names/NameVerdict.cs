namespace Sleigh.Network;

/// <summary>What a policy says to a question for a name.</summary>
/// <param name="IsAnswered">Whether it is answered at all.</param>
/// <param name="Pins">The rules by which the addresses in the answer are let through; null: they are not looked at.</param>
internal sealed record NameVerdict(bool IsAnswered, IReadOnlyList<NameRule>? Pins)
{
    private const int Internet = 1;

    private static readonly NameVerdict Refused = new(false, null);
    private static readonly NameVerdict Passed = new(true, null);

    /// <summary>
    /// Decides. Where not everything is open, a question for a name that is not allowed is not passed on: it would carry text to whoever serves that name.
    /// </summary>
    public static NameVerdict Of(EgressPolicy policy, DnsQuestion question)
    {
        if (policy.Mode == EgressMode.None || policy.DenyNames.Any(r => r.Matches(question.Name)))
        {
            return Refused;
        }

        if (policy.Mode == EgressMode.Open)
        {
            return Passed;
        }

        NameRule[] rules = question.Class == Internet ? [.. policy.AllowNames.Where(r => r.Matches(question.Name))] : [];
        return rules.Length > 0 ? new NameVerdict(true, rules) : Refused;
    }
}
