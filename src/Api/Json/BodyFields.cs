using System.Text.Json;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Json;

/// <summary>
/// The members of a request body, each read with its JSON type. Null and absent are the same; of a name given twice the last one
/// counts; a wrong type is 400 <c>invalid_json</c>.
/// </summary>
internal readonly struct BodyFields
{
    private readonly JsonElement? _root;

    public BodyFields(JsonElement root) => _root = root;

    /// <summary>Text.</summary>
    public string? String(string name) => Find(name, JsonValueKind.String, "a string")?.GetString();

    /// <summary>An integer without fraction or exponent. One beyond 64 bits is given as the nearest that fits: it is out of any range.</summary>
    public long? Integer(string name)
    {
        if (Find(name, JsonValueKind.Number, "an integer") is not { } value)
        {
            return null;
        }

        if (value.TryGetInt64(out long number))
        {
            return value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') ? throw Wrong(name, "an integer") : number;
        }

        ReadOnlySpan<char> raw = value.GetRawText();
        return raw.ContainsAny('.', 'e', 'E') ? throw Wrong(name, "an integer")
            : raw[0] == '-' ? long.MinValue
            : long.MaxValue;
    }

    /// <summary>Any number.</summary>
    public double? Number(string name) => Find(name, JsonValueKind.Number, "a number") is { } value
        ? value.TryGetDouble(out double number) ? number : double.PositiveInfinity
        : null;

    /// <summary>True or false.</summary>
    public bool? Boolean(string name) => FindAny(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

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
    public BodyFields? Object(string name) => Find(name, JsonValueKind.Object, "an object") is { } value ? new BodyFields(value) : null;

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

    private JsonElement? Find(string name, JsonValueKind kind, string wanted) => FindAny(name) switch
    {
        null => null,
        { } value when value.ValueKind == kind => value,
        _ => throw Wrong(name, wanted),
    };

    private JsonElement? FindAny(string name) =>
        _root is { } root && root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static ApiException Wrong(string name, string wanted) => ApiErrors.WrongType(name, wanted).Exception();
}
