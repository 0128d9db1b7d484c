using System.Globalization;
using System.Text.Json;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Json;

/// <summary>
/// The members of a request body, each read with its JSON type. Null and absent are the same; of a name given twice the last one
/// counts; a wrong type is 400 <c>invalid_json</c>.
/// </summary>
internal readonly struct BodyFields
{
    private const int MostDigits = 40;

    private readonly JsonElement? _root;
    private readonly string? _place;
    private readonly FieldRecorder? _recorder;

    public BodyFields(JsonElement root) => _root = root;

    /// <summary>A body without members, which notes what is asked of it.</summary>
    public BodyFields(FieldRecorder recorder) => _recorder = recorder;

    /// <summary>Members of an object inside the body.</summary>
    /// <param name="root">The object.</param>
    /// <param name="place">Where it stands, for the names in errors: <c>steps[3].</c></param>
    private BodyFields(JsonElement root, string place) => (_root, _place) = (root, place);

    /// <summary>Text.</summary>
    public string? String(string name) => Find(name, JsonValueKind.String, "a string")?.GetString();

    /// <summary>An integer without fraction or exponent. One beyond 64 bits is given as the nearest that fits: it is out of any range.</summary>
    public long? Integer(string name)
    {
        if (Find(name, JsonValueKind.Number, "an integer") is not { } value)
        {
            return null;
        }

        string raw = value.GetRawText();
        return raw.AsSpan().ContainsAny('.', 'e', 'E') ? throw Wrong(name, $"an integer, not {Clip(raw)}")
            : value.TryGetInt64(out long number) ? number
            : raw[0] == '-' ? long.MinValue
            : long.MaxValue;
    }

    /// <summary>A number as it was sent, for the sentence of an error; null where none was.</summary>
    public string? NumberText(string name) => FindAny(name) is { ValueKind: JsonValueKind.Number } value ? Clip(value.GetRawText()) : null;

    /// <summary>Any number.</summary>
    public double? Number(string name) => Find(name, JsonValueKind.Number, "a number") is { } value
        ? value.TryGetDouble(out double number) ? number : double.PositiveInfinity
        : null;

    /// <summary>True or false.</summary>
    public bool? Boolean(string name)
    {
        const string Wanted = "true or false";
        _recorder?.Note(name, Wanted);
        return FindAny(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            _ => throw Wrong(name, Wanted),
        };
    }

    /// <summary>An object whose values are strings; a member that is null is left out.</summary>
    public IReadOnlyDictionary<string, string>? Strings(string name)
    {
        if (Find(name, JsonValueKind.Object, "an object of strings") is not { } value)
        {
            return null;
        }

        Dictionary<string, string> strings = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.String: strings[member.Name] = member.Value.GetString()!; break;
                case JsonValueKind.Null: strings.Remove(member.Name); break;
                default: throw Wrong(name, "an object of strings");
            }
        }

        return strings;
    }

    /// <summary>An object, whose members are read in the same way.</summary>
    public BodyFields? Object(string name) => Find(name, JsonValueKind.Object, "an object") is { } value ? new BodyFields(value)
        : _recorder is not null ? new BodyFields(_recorder.Inside(name))
        : null;

    /// <summary>A text, or an object whose members are read in the same way.</summary>
    public (string? Text, BodyFields? Object) StringOrObject(string name)
    {
        const string Wanted = "a string or an object";
        _recorder?.Note(name, Wanted);
        return FindAny(name) switch
        {
            null => (null, null),
            { ValueKind: JsonValueKind.String } value => (value.GetString(), null),
            { ValueKind: JsonValueKind.Object } value => (null, new BodyFields(value, $"{name}.")),
            _ => throw Wrong(name, Wanted),
        };
    }

    /// <summary>An array of objects, whose members are read in the same way; errors name them with their place, <c>steps[3].command</c>.</summary>
    public IReadOnlyList<BodyFields>? Objects(string name)
    {
        if (Find(name, JsonValueKind.Array, "an array of objects") is not { } value)
        {
            return null;
        }

        List<BodyFields> items = new(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"{name}[{items.Count}]");
            items.Add(item.ValueKind == JsonValueKind.Object ? new BodyFields(item, $"{place}.") : throw Wrong(place, "an object"));
        }

        return items;
    }

    /// <summary>An array of strings.</summary>
    public IReadOnlyList<string>? List(string name)
    {
        if (Find(name, JsonValueKind.Array, "an array of strings") is not { } value)
        {
            return null;
        }

        List<string> items = new(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            items.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(name, "an array of strings"));
        }

        return items;
    }

    /// <summary>An array of integers, each as <see cref="Integer"/> reads one.</summary>
    public IReadOnlyList<long>? Integers(string name)
    {
        const string Wanted = "an array of integers";
        if (Find(name, JsonValueKind.Array, Wanted) is not { } value)
        {
            return null;
        }

        List<long> items = new(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            items.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) ? number : throw Wrong(name, Wanted));
        }

        return items;
    }

    /// <summary>Refuses members that an added endpoint does not know.</summary>
    public void RefuseUnknown(IReadOnlyList<string> known)
    {
        if (_root is { } root)
        {
            foreach (JsonProperty member in root.EnumerateObject())
            {
                if (!known.Contains(member.Name))
                {
                    throw ApiErrors.UnknownField(member.Name).Exception();
                }
            }
        }
    }

    /// <summary>The whole body; null when there was none.</summary>
    public JsonElement? Root => _root;

    private JsonElement? Find(string name, JsonValueKind kind, string wanted)
    {
        _recorder?.Note(name, wanted);
        return FindAny(name) switch
        {
            null => null,
            { } value when value.ValueKind == kind => value,
            _ => throw Wrong(name, wanted),
        };
    }

    private JsonElement? FindAny(string name) =>
        _root is { } root && root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Clip(string number) => number.Length <= MostDigits ? number : number[..MostDigits] + "...";

    private ApiException Wrong(string name, string wanted) => ApiErrors.WrongType(_place + name, wanted).Exception();
}
