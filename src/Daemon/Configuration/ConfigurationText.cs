using System.Text;
using System.Text.Json;
using Sleigh.Api;

namespace Sleigh.Daemon.Configuration;

/// <summary>What sleighd says about a configuration without starting.</summary>
internal static class ConfigurationText
{
    internal static string Good(LoadedConfiguration loaded) =>
        $"the configuration is good ({(loaded.Files.Count == 0 ? "no file, only defaults and the environment" : string.Join(", ", loaded.Files))})";

    /// <summary>Each key with its value and source; as JSON in the form of <c>GET /admin/config</c>.</summary>
    internal static string Show(LoadedConfiguration loaded, bool json)
    {
        if (!json)
        {
            return string.Join('\n', loaded.Settings.Select(s => $"{s.Key}: {s.Value}".TrimEnd() + $"  # {s.Source}"));
        }

        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text))
        {
            SleighApi.WriteSettings(writer, loaded.Settings);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
