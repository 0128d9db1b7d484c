namespace Sleigh.Network;

/// <summary>An entry of a policy's list as it is written: a destination or a name, one of them.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Name">The name.</param>
public sealed record EgressEntry(EgressRule? Destination, NameRule? Name)
{
    /// <summary>What <see cref="TryParse"/> takes, as the end of a sentence that begins with "must be".</summary>
    public const string Form = $"{EgressRule.Form}; or {NameRule.Form}";

    /// <summary>Reads one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="fault">What is wrong with the name, as a sentence; null where it does not look like one.</param>
    public static bool TryParse(string text, out EgressEntry? entry, out string? fault)
    {
        entry = EgressRule.TryParse(text, out EgressRule? rule) ? new EgressEntry(rule, null) : null;
        fault = null;
        if (entry is null && NameRule.TryParse(text, out NameRule? name, out fault))
        {
            entry = new EgressEntry(null, name);
        }

        return entry is not null;
    }

    /// <summary>Entries of both kinds in one list, destinations first.</summary>
    public static IReadOnlyList<EgressEntry> Of(IEnumerable<EgressRule> destinations, IEnumerable<NameRule> names) =>
        [.. destinations.Select(d => new EgressEntry(d, null)), .. names.Select(n => new EgressEntry(null, n))];

    /// <summary>As it is written.</summary>
    public override string ToString() => Destination?.ToString() ?? Name!.ToString();
}
