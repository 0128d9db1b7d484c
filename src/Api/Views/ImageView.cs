using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>An image, for the administrator.</summary>
internal static class ImageView
{
    public static void Write(Utf8JsonWriter json, ImageSummary image)
    {
        json.WriteStartObject();
        json.WriteString("name", image.Name);
        json.WriteString("digest", image.Digest);
        json.WriteNumber("size_bytes", image.SizeBytes);
        json.WriteMillis("created", image.Created);
        json.WriteBoolean("in_use", image.InUse);
        if (image.LastUsed is { } used)
        {
            json.WriteMillis("last_used_at", used);
        }

        json.WriteEndObject();
    }

    /// <summary>The last line of a long piece of work that made the image.</summary>
    public static void WriteLine(Utf8JsonWriter json, ImageSummary image)
    {
        json.WriteStartObject();
        json.WritePropertyName("image");
        Write(json, image);
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, IEnumerable<ImageSummary> images)
    {
        json.WriteStartObject();
        json.WriteItems(images, Write);
        json.WriteEndObject();
    }
}
