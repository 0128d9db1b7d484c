using Sleigh.Network;

namespace Sleigh.Runtime.Records;

/// <summary>A policy as it is kept: rules as they are written.</summary>
internal sealed record EgressText(string Mode, IReadOnlyList<string> Allow, IReadOnlyList<string> Deny)
{
    public static EgressText Of(EgressPolicy policy) =>
        new(policy.Mode.ToString(), [.. policy.Allow.Select(r => r.ToString())], [.. policy.Deny.Select(r => r.ToString())]);

    public EgressPolicy ToPolicy() => new() { Mode = Enum.Parse<EgressMode>(Mode), Allow = [.. Allow.Select(Rule)], Deny = [.. Deny.Select(Rule)] };

    private static EgressRule Rule(string text) =>
        EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException($"'{text}' is no rule of an egress policy");
}
