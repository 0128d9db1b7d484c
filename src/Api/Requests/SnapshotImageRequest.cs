using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/snapshots/{snapshot}/image</c>.</summary>
internal sealed record SnapshotImageRequest(string? Name)
{
    public static readonly string[] Fields = ["session_token", "name"];

    /// <summary>Checks the types.</summary>
    public static SnapshotImageRequest Read(BodyFields fields) => new(fields.String("name"));

    /// <summary>Checks the values.</summary>
    public string Check() => ExportRequest.Checked(string.IsNullOrWhiteSpace(Name) ? throw ApiErrors.Required("name").Exception() : Name);
}
