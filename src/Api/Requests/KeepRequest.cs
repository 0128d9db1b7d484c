using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/snapshots/{snapshotId}/keep</c>.</summary>
internal sealed record KeepRequest(bool? Keep)
{
    public static readonly string[] Fields = ["session_token", "keep"];

    /// <summary>Checks the types.</summary>
    public static KeepRequest Read(BodyFields fields) => new(fields.Boolean("keep"));

    /// <summary>The value, which must be sent.</summary>
    public bool RequireKeep() => Keep ?? throw ApiErrors.Required("keep").Exception();
}
