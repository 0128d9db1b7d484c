using System.Text.Json.Serialization;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Records;

/// <summary>A decision to grow as an event keeps it.</summary>
internal sealed record GrowthFacts
{
    public long Time { get; init; }

    public int FromMb { get; init; }

    public int ToMb { get; init; }

    public bool Granted { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter<GrowthTrigger>))]
    public GrowthTrigger Trigger { get; init; }

    public string Reason { get; init; } = "";

    public static GrowthFacts Of(GrowthEntry entry) => new()
    {
        Time = entry.Time.ToUnixTimeMilliseconds(), FromMb = entry.FromMb, ToMb = entry.ToMb, Granted = entry.Granted, Trigger = entry.Trigger,
        Reason = entry.Reason,
    };

    public GrowthEntry ToEntry() => new(DateTimeOffset.FromUnixTimeMilliseconds(Time), FromMb, ToMb, Granted, Trigger, Reason);
}
