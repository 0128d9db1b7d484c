using System.Text.Json;
using Sleigh.Api.Json;

namespace Sleigh.Api.Views;

/// <summary>The configuration as JSON.</summary>
internal static class ConfigurationView
{
    public static void WriteSetting(Utf8JsonWriter json, ShownSetting setting)
    {
        json.WriteStartObject();
        json.WriteString("key", setting.Key);
        json.WriteString("value", setting.Value);
        json.WriteString("source", setting.Source);
        if (setting.IsSecret)
        {
            json.WriteBoolean("secret", true);
        }

        json.WriteEndObject();
    }

    public static void WriteReload(Utf8JsonWriter json, ReloadResult result)
    {
        json.WriteStartObject();
        WriteKeys(json, "changed", result.Changed);
        WriteKeys(json, "restart_needed", result.RestartNeeded);
        json.WriteEndObject();
    }

    public static void WriteState(Utf8JsonWriter json, ConfigurationState state)
    {
        json.WriteStartObject("configuration");
        json.WriteMillis("loaded_at", state.Loaded);
        json.WriteOptional("refused", state.Refused);
        WriteKeys(json, "restart_needed", state.RestartNeeded);
        json.WriteEndObject();
    }

    private static void WriteKeys(Utf8JsonWriter json, string name, IReadOnlyList<string> keys)
    {
        json.WriteStartArray(name);
        foreach (string key in keys)
        {
            json.WriteStringValue(key);
        }

        json.WriteEndArray();
    }
}
