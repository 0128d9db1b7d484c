using System.Text.Json.Serialization;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>JSON of the columns that hold more than one value.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(CapturedLimits))]
[JsonSerializable(typeof(IReadOnlyList<CapturedMount>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(ImageSettings))]
[JsonSerializable(typeof(SlotLimits))]
[JsonSerializable(typeof(EgressText))]
[JsonSerializable(typeof(EventRecord))]
[JsonSerializable(typeof(OomReport))]
[JsonSerializable(typeof(DiskReport))]
[JsonSerializable(typeof(ScrubReport))]
[JsonSourceGenerationOptions(IgnoreReadOnlyProperties = true)]
internal sealed partial class RecordJson : JsonSerializerContext;
