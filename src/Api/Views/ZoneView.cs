using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Endpoints 21 and 22: what there is, and what an agent does with it.</summary>
internal static class ZoneView
{
    public static void Write(Utf8JsonWriter json, ZoneListing zone, ZoneGuidance guidance)
    {
        json.WriteStartObject();
        json.WriteString("allowed_root", zone.Root);
        json.WriteStartArray("items");
        foreach (ZoneEntry entry in zone.Entries)
        {
            json.WriteStringValue(entry.Path);
        }

        json.WriteEndArray();
        json.WriteStartArray("entries");
        foreach (ZoneEntry entry in zone.Entries)
        {
            WriteEntry(json, entry);
        }

        json.WriteEndArray();
        json.WriteBoolean("truncated", zone.Omitted > 0);
        json.WriteNumber("omitted_count", zone.Omitted);
        json.WriteString("zone_kind", guidance.ZoneKind);
        json.WriteStartObject("agent_guidance");
        json.WriteString("correct_next_operation", guidance.Right);
        json.WriteString("correct_next_summary", guidance.Summary);
        json.WriteString("wrong_next_operation", guidance.Wrong);
        json.WriteString("wrong_next_warning", guidance.Warning);
        json.WriteEndObject();
        WriteActions(json, guidance);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, ZoneEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("path", entry.Path);
        json.WriteOptional("env_readme", entry.Note);
        if (entry.IsNoteCut)
        {
            json.WriteBoolean("env_readme_truncated", true);
        }

        json.WriteEndObject();
    }

    private static void WriteActions(Utf8JsonWriter json, ZoneGuidance guidance)
    {
        json.WriteStartArray("suggested_next_actions");
        json.WriteStartObject();
        json.WriteString("action", guidance.Right);
        json.WriteString("description", guidance.Description);
        json.WriteStartArray("required_fields");
        foreach (string field in guidance.RequiredFields)
        {
            json.WriteStringValue(field);
        }

        json.WriteEndArray();
        json.WriteStartObject("parameter_semantics");
        foreach ((string field, string meaning) in guidance.Semantics)
        {
            json.WriteString(field, meaning);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
