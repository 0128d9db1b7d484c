namespace Sleigh.IntegrationTests.Daemon.Telemetry;

/// <summary>A span as a collector gets it. Ids are hex digits; times are nanoseconds since 1970.</summary>
internal sealed record SentSpan(
    string Trace, string Id, string Parent, string Name, int Kind, ulong Begin, ulong End, int Status, IReadOnlyDictionary<string, string> Attributes)
{
    public string this[string attribute] => Attributes.TryGetValue(attribute, out string? value) ? value : throw new KeyNotFoundException($"{Name} has no {attribute}");
}
