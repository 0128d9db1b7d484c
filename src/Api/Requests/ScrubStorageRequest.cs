using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/storage/scrub</c>.</summary>
internal sealed record ScrubStorageRequest(bool Cancel)
{
    public static readonly string[] Fields = ["session_token", "cancel"];

    /// <summary>Checks the types.</summary>
    public static ScrubStorageRequest Read(BodyFields fields) => new(fields.Boolean("cancel") ?? false);
}
