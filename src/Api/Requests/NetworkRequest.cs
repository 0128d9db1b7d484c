using System.Globalization;
using System.Net;
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
    private const string HostMode = "host";

    private string? Mode { get; init; }

    private IReadOnlyList<string>? Allow { get; init; }

    private IReadOnlyList<string>? Deny { get; init; }

    /// <summary>Whether it asks for the host's network, which is no policy.</summary>
    public bool IsHost => Mode == HostMode;

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

    /// <summary>Refuses rules for the host's network.</summary>
    public void RequireNoRules()
    {
        foreach ((string field, IReadOnlyList<string>? rules) in ((string, IReadOnlyList<string>?)[])[("network.allow", Allow), ("network.deny", Deny)])
        {
            if (rules is { Count: > 0 })
            {
                throw ApiErrors.Invalid(field, "cannot be had with network.mode host: nothing holds back what a sandbox in the host's network sends").Exception();
            }
        }
    }

    /// <summary>Checks the values.</summary>
    /// <param name="reachable">What the operator has opened of the protected destinations.</param>
    /// <param name="closed">Why only the operator can open something else, as the end of a sentence that begins with the rule; null: it can be opened.</param>
    /// <param name="prefix">What stands before the names of members in errors.</param>
    public EgressPolicy ToPolicy(IReadOnlyList<EgressRule> reachable, Func<EgressRule, string?> closed, string prefix = "network.")
    {
        if (IsHost)
        {
            throw ApiErrors.Invalid($"{prefix}mode", "is 'host': a container cannot change its network; make a sandbox with network host").Exception();
        }

        if (Mode is null || !Modes.Contains(Mode))
        {
            throw ApiErrors.NotOneOf($"{prefix}mode", Modes).Exception();
        }

        if (Allow is { Count: > 0 } && Mode != "restricted")
        {
            throw ApiErrors.Invalid($"{prefix}allow", $"counts only with {prefix}mode restricted").Exception();
        }

        List<EgressEntry> allow = Rules($"{prefix}allow", Allow);
        for (int i = 0; i < allow.Count; i++)
        {
            if (allow[i].Destination is EgressRule one && WhyClosed(one) is string why)
            {
                throw ApiErrors.Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{prefix}allow[{i}]"),
                    $"{one} {why}, which only the operator can open, with the setting network.reachable").Exception();
            }
        }

        List<EgressEntry> deny = Rules($"{prefix}deny", Deny);
        if (deny.FindIndex(e => e.Name?.Ports is not null) is >= 0 and int ported)
        {
            throw ApiErrors.Invalid(
                string.Create(CultureInfo.InvariantCulture, $"{prefix}deny[{ported}]"), $"is '{deny[ported]}': a denied name is not answered at all, and has no ports").Exception();
        }

        string? WhyClosed(EgressRule rule) => reachable.Any(rule.IsWithin) ? null
            : ProtectedNetworks.Containing(rule.Network) is IPNetwork inside ? $"lies in {inside}"
            : closed(rule);

        return new EgressPolicy
        {
            Mode = Enum.Parse<EgressMode>(Mode, ignoreCase: true),
            Allow = [.. allow.Select(e => e.Destination).OfType<EgressRule>()], AllowNames = [.. allow.Select(e => e.Name).OfType<NameRule>()],
            Deny = [.. deny.Select(e => e.Destination).OfType<EgressRule>()], DenyNames = [.. deny.Select(e => e.Name).OfType<NameRule>()],
        };
    }

    private static List<EgressEntry> Rules(string field, IReadOnlyList<string>? texts)
    {
        List<EgressEntry> rules = [];
        foreach (string text in texts ?? [])
        {
            rules.Add(EgressEntry.TryParse(text, out EgressEntry? rule, out string? fault)
                ? rule!
                : throw ApiErrors.Invalid(
                    string.Create(CultureInfo.InvariantCulture, $"{field}[{rules.Count}]"),
                    $"is '{(text.Length > 100 ? text[..100] : text)}', must be {EgressEntry.Form}{(fault is null ? "" : $"; {fault}")}").Exception());
        }

        return rules.Count <= MostRules
            ? rules
            : throw ApiErrors.Invalid(field, string.Create(CultureInfo.InvariantCulture, $"may have at most {MostRules} rules")).Exception();
    }
}
