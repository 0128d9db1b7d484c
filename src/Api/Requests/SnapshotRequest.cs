using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/snapshots</c>.</summary>
internal sealed record SnapshotRequest(string? Name, string? Comment, bool Keep)
{
    private const int MostName = 128;
    private const int MostComment = 1024;

    /// <summary>Checks the types.</summary>
    public static SnapshotRequest Read(BodyFields fields) => new(fields.String("name"), fields.String("comment"), fields.Boolean("keep") ?? false);

    /// <summary>Checks the values.</summary>
    public SnapshotRequest Checked() =>
        new(FieldRules.Text("name", Name, MostName), FieldRules.Text("comment", Comment, MostComment), Keep);
}
