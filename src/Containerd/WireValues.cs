using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Sleigh.Containerd;

/// <summary>Small conversions between the wire and our records.</summary>
internal static class WireValues
{
    public static void AddLabels(this MapField<string, string> map, IReadOnlyDictionary<string, string>? labels)
    {
        foreach ((string key, string value) in labels ?? EmptyLabels)
        {
            map[key] = value;
        }
    }

    public static IReadOnlyDictionary<string, string> EmptyLabels { get; } = new Dictionary<string, string>();

    public static IReadOnlyDictionary<string, string> ToLabels(this MapField<string, string> map) =>
        map.Count == 0 ? EmptyLabels : new Dictionary<string, string>(map, StringComparer.Ordinal);

    /// <summary>containerd leaves times out that it does not know.</summary>
    public static DateTimeOffset ToTime(this Timestamp? timestamp) => timestamp?.ToDateTimeOffset() ?? DateTimeOffset.MinValue;
}
