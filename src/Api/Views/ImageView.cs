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
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, IEnumerable<ImageSummary> images)
    {
        json.WriteStartObject();
        json.WriteItems(images, Write);
        json.WriteEndObject();
    }
}
