using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/images/prune</c>.</summary>
internal sealed record PruneImagesRequest(long? UnusedForSeconds, bool? DryRun)
{
    public static readonly string[] Fields = ["session_token", "unused_for_seconds", "dry_run"];

    private const long Longest = 3_153_600_000;

    /// <summary>Checks the types.</summary>
    public static PruneImagesRequest Read(BodyFields fields) => new(fields.Integer("unused_for_seconds"), fields.Boolean("dry_run"));

    /// <summary>Checks the values.</summary>
    public (TimeSpan UnusedFor, bool DryRun) Check() => UnusedForSeconds is null or (>= 0 and <= Longest)
        ? (TimeSpan.FromSeconds(UnusedForSeconds ?? 0), DryRun ?? false)
        : throw ApiErrors.Invalid("unused_for_seconds", $"must be from 0 to {Longest}").Exception();
}
