using System.Globalization;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/memory/expand</c>.</summary>
internal sealed record ExpandRequest(long? TargetMb, bool AutoExpand)
{
    private const string Target = "target_mb";

    /// <summary>Checks the types.</summary>
    public static ExpandRequest Read(BodyFields fields) => new(fields.Integer(Target), fields.Boolean("auto_expand") ?? false);

    /// <summary>Rules 1 and 2 of the endpoint: the limit that is wanted, null for one automatic step. The present limit is compared by the runtime.</summary>
    public int? Check(Sandbox sandbox, int leastMb)
    {
        if (AutoExpand)
        {
            return null;
        }

        if (TargetMb is null or <= 0)
        {
            return IsLabelled(sandbox) ? null : throw Wrong("target_mb must be greater than 0").Exception();
        }

        // Above the ceiling it is lowered to the ceiling, so that it does not matter by how much.
        return TargetMb >= leastMb
            ? (int)Math.Min(TargetMb.Value, int.MaxValue)
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"target_mb must be at least {leastMb}")).Exception();
    }

    private static bool IsLabelled(Sandbox sandbox) =>
        sandbox.Labels.TryGetValue("auto_expand_memory", out string? label) && bool.TryParse(label, out bool on) && on;

    private ApiError Wrong(string sentence)
    {
        ApiError error = ApiErrors.InvalidExactly(Target, sentence);
        return TargetMb is { } sent ? error with { Details = new Dictionary<string, object>(error.Details) { ["value"] = sent } } : error;
    }
}
