using System.Text.Json;
using System.Text.RegularExpressions;
using Sleigh.Api.OpenApi;

namespace Sleigh.Api.Tests.OpenApi;

/// <summary>
/// A small validator of JSON Schema, for the words that our schemas use. Stricter than the standard in one thing: an object with members has no
/// others, so a member that nobody declared is found.
/// </summary>
internal static class SchemaCheck
{
    /// <summary>What is wrong; none: nothing.</summary>
    public static List<string> Problems(Schema schema, JsonElement value)
    {
        List<string> problems = [];
        Check(schema, value, "$", problems);
        return problems;
    }

    private static void Check(Schema given, JsonElement value, string place, List<string> problems)
    {
        Schema schema = AllSchemas.Resolve(given);
        if (schema.AnyOf is { } some)
        {
            if (!some.Any(one => Problems(one, value).Count == 0))
            {
                problems.Add($"{place} is none of what it may be: {string.Join(" / ", some.Select(one => string.Join(", ", Problems(one, value))))}");
            }

            return;
        }

        if (schema.Type is { } type && !IsOf(type, value))
        {
            problems.Add($"{place} is {value.ValueKind}, not {type}");
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String: CheckText(schema, value.GetString()!, place, problems); break;
            case JsonValueKind.Number: CheckNumber(schema, value.GetDouble(), place, problems); break;
            case JsonValueKind.Object: CheckObject(schema, value, place, problems); break;
            case JsonValueKind.Array when schema.Items is { } items:
                foreach ((int index, JsonElement item) in value.EnumerateArray().Index())
                {
                    Check(items, item, $"{place}[{index}]", problems);
                }

                break;
        }
    }

    private static bool IsOf(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
        _ => false,
    };

    private static void CheckText(Schema schema, string text, string place, List<string> problems)
    {
        if (schema.Enum is { } words && !words.Contains(text))
        {
            problems.Add($"{place} is '{text}', not one of {string.Join(", ", words)}");
        }

        if (schema.Pattern is { } pattern && !Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant))
        {
            problems.Add($"{place} is '{text}', not like {pattern}");
        }

        if (text.EnumerateRunes().Count() > schema.MaxLength)
        {
            problems.Add($"{place} is longer than {schema.MaxLength}");
        }
    }

    private static void CheckNumber(Schema schema, double number, string place, List<string> problems)
    {
        if (number < schema.Minimum || number > schema.Maximum)
        {
            problems.Add($"{place} is {number}, not from {schema.Minimum} to {schema.Maximum}");
        }
    }

    private static void CheckObject(Schema schema, JsonElement value, string place, List<string> problems)
    {
        HashSet<string> seen = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string here = $"{place}.{member.Name}";
            if (!seen.Add(member.Name))
            {
                problems.Add($"{here} is there twice");
            }

            if (schema.Members?.FirstOrDefault(m => m.Name == member.Name) is { } declared)
            {
                Check(declared.Schema, member.Value, here, problems);
            }
            else if (schema.Values is { } values)
            {
                Check(values, member.Value, here, problems);
            }
            else if (schema.Members is not null)
            {
                problems.Add($"{here} is declared nowhere");
            }
        }

        problems.AddRange((schema.Members ?? []).Where(m => !m.Optional && !seen.Contains(m.Name)).Select(m => $"{place}.{m.Name} is missing"));
    }
}
