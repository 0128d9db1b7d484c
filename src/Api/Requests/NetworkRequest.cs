using System.Globalization;
using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Network;

namespace Sleigh.Api.Requests;

/// <summary>What a sandbox may reach, as a caller asks for it: right in type, not yet in value.</summary>
internal sealed record NetworkRequest
{
    private static readonly string[] Modes = ["open", "restricted", "none"];
    private static readonly string[] Members = ["mode", "allow", "deny"];

    /// <summary>Members of the body of <c>PUT /sandboxes/{id}/network</c>.</summary>
    public static readonly string[] Fields = ["session_token", .. Members];

    private const int MostRules = 64;

    private string? Mode { get; init; }

    private IReadOnlyList<string>? Allow { get; init; }

    private IReadOnlyList<string>? Deny { get; init; }

    /// <summary>Checks the types. A name that is not known is refused: what was meant to forbid something must not be passed over.</summary>
    public static NetworkRequest Read(BodyFields fields)
    {
        foreach (JsonProperty member in fields.Root?.EnumerateObject() ?? default)
        {
            if (!Members.Contains(member.Name))
            {
                throw ApiErrors.Invalid("network", $"holds mode, allow and deny, and not '{(member.Name.Length > 50 ? member.Name[..50] : member.Name)}'").Exception();
            }
        }

        return ReadBody(fields);
    }

    /// <summary>The same as a whole body.</summary>
    public static NetworkRequest ReadBody(BodyFields fields) => new() { Mode = fields.String("mode"), Allow = fields.List("allow"), Deny = fields.List("deny") };

    /// <summary>Checks the values.</summary>
    /// <param name="reachable">What the operator has opened of the protected destinations.</param>
    /// <param name="prefix">What stands before the names of members in errors.</param>
    public EgressPolicy ToPolicy(IReadOnlyList<EgressRule> reachable, string prefix = "network.")
    {
        if (Mode is null || !Modes.Contains(Mode))
        {
            throw ApiErrors.NotOneOf($"{prefix}mode", Modes).Exception();
        }

        if (Allow is { Count: > 0 } && Mode != "restricted")
        {
            throw ApiErrors.Invalid($"{prefix}allow", $"counts only with {prefix}mode restricted").Exception();
        }

        List<EgressRule> allow = Rules($"{prefix}allow", Allow);
        for (int i = 0; i < allow.Count; i++)
        {
            if (ProtectedNetworks.Containing(allow[i].Network) is { } inside && !reachable.Any(allow[i].IsWithin))
            {
                throw ApiErrors.Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{prefix}allow[{i}]"),
                    $"{allow[i]} lies in {inside}, which only the operator can open, with the setting network.reachable").Exception();
            }
        }

        return new EgressPolicy { Mode = Enum.Parse<EgressMode>(Mode, ignoreCase: true), Allow = allow, Deny = Rules($"{prefix}deny", Deny) };
    }

    private static List<EgressRule> Rules(string field, IReadOnlyList<string>? texts)
    {
        List<EgressRule> rules = [];
        foreach (string text in texts ?? [])
        {
            rules.Add(EgressRule.TryParse(text, out EgressRule? rule)
                ? rule!
                : throw ApiErrors.Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{field}[{rules.Count}]"),
                    $"is '{(text.Length > 100 ? text[..100] : text)}', must be {EgressRule.Form}").Exception());
        }

        return rules.Count <= MostRules
            ? rules
            : throw ApiErrors.Invalid(field, string.Create(CultureInfo.InvariantCulture, $"may have at most {MostRules} rules")).Exception();
    }
}
