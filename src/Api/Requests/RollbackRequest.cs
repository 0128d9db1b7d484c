using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/rollback</c>.</summary>
internal sealed record RollbackRequest(string? SnapshotId, bool AutoExpand)
{
    /// <summary>Checks the types.</summary>
    public static RollbackRequest Read(BodyFields fields) =>
        new(fields.String("snapshot_id"), fields.Boolean("auto_expand") ?? false);

    /// <summary>The snapshot, as the caller named it.</summary>
    public string RequireSnapshot() =>
        string.IsNullOrWhiteSpace(SnapshotId) ? throw ApiErrors.Required("snapshot_id").Exception() : SnapshotId.Trim();
}
