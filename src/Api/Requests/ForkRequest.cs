using Sleigh.Api.Json;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/fork</c>.</summary>
internal sealed record ForkRequest(string? SnapshotId, long? Count)
{
    public static readonly string[] Fields = ["session_token", "snapshot_id", "count"];

    /// <summary>Checks the types.</summary>
    public static ForkRequest Read(BodyFields fields) => new(fields.String("snapshot_id"), fields.Integer("count"));

    /// <summary>Checks the values.</summary>
    public (string? SnapshotId, int Count) Check(SandboxOptions options) => (
        FieldRules.NotBlank("snapshot_id", SnapshotId),
        FieldRules.Range("count", Count, 1, options.MaxForkCount, zeroIsDefault: false) ?? 1);
}
