using System.Text.Json.Serialization;

namespace Sleigh.Runtime.Records;

/// <summary>The JSON form in which an event's data is kept.</summary>
internal sealed record EventRecord
{
    [JsonConverter(typeof(JsonStringEnumConverter<DeleteReason>))]
    public DeleteReason? Reason { get; init; }

    public string? Snapshot { get; init; }

    public string? Name { get; init; }

    public string? Image { get; init; }

    public ExecFacts? Exec { get; init; }
}
