using System.Text.Json.Serialization;
using Sleigh.Runtime.Memory;

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

    public GrowthFacts? Growth { get; init; }

    public string? NearLimit { get; init; }

    public OomReport? Oom { get; init; }

    public FileFacts? File { get; init; }

    public WebhookFacts? Webhook { get; init; }

    public MountFacts? Mount { get; init; }

    public CopyFacts? Copied { get; init; }

    public RefusedFacts? Refused { get; init; }
}
