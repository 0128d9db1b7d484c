namespace Sleigh.Api.OpenApi;

/// <summary>One reply of an endpoint.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Meaning">When it comes.</param>
/// <param name="Schema">The JSON object, or for other types a description of the text; null: no body.</param>
/// <param name="Type">Media type.</param>
/// <param name="Or">Another media type that it may have.</param>
internal sealed record ReplyRow(int Status, string Meaning, Schema? Schema = null, string Type = ReplyRow.Json, string? Or = null)
{
    public const string Json = "application/json";

    /// <summary>Server-sent events.</summary>
    public const string Events = "text/event-stream";

    /// <summary>204.</summary>
    public static ReplyRow Done { get; } = new(204, "Done.");
}
