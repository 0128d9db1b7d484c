using Sleigh.Network;

namespace Sleigh.Runtime.Records;

/// <summary>
/// A policy as it is kept: rules as they are written. Names are in lists of their own, which versions that know none pass over: to these a sandbox with names is closed.
/// </summary>
internal sealed record EgressText(string Mode, IReadOnlyList<string> Allow, IReadOnlyList<string> Deny)
{
    public IReadOnlyList<string> AllowNames { get; init; } = [];

    public IReadOnlyList<string> DenyNames { get; init; } = [];

    public static EgressText Of(EgressPolicy policy) =>
        new(policy.Mode.ToString(), [.. policy.Allow.Select(r => r.ToString())], [.. policy.Deny.Select(r => r.ToString())])
        {
            AllowNames = [.. policy.AllowNames.Select(r => r.ToString())], DenyNames = [.. policy.DenyNames.Select(r => r.ToString())],
        };

    public EgressPolicy ToPolicy() => new()
    {
        Mode = Enum.Parse<EgressMode>(Mode), Allow = [.. Allow.Select(Rule)], Deny = [.. Deny.Select(Rule)],
        AllowNames = [.. (AllowNames ?? []).Select(Name)], DenyNames = [.. (DenyNames ?? []).Select(Name)],
    };

    private static EgressRule Rule(string text) =>
        EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException($"'{text}' is no rule of an egress policy");

    private static NameRule Name(string text) =>
        NameRule.TryParse(text, out NameRule? rule, out _) ? rule! : throw new FormatException($"'{text}' is no name of an egress policy");
}
