using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The reply to the restore of single paths.</summary>
internal static class RestoreView
{
    /// <summary>The reply.</summary>
    public static void Write(Utf8JsonWriter json, FilesRestored done)
    {
        json.WriteStartObject();
        json.WriteStartArray("restored");
        foreach (RestoredFile file in done.Restored)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteString("kind", file.Kind);
            json.WriteNumber("files", file.Files);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteOptional("left_out", file.LeftOut == 0 ? null : file.LeftOut);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("deleted");
        foreach (string path in done.Deleted)
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteNumber("duration_ms", JsonText.CeilingMs(done.Duration));
        json.WriteEndObject();
    }
}
