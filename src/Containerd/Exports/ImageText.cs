using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Containerd;

/// <summary>Configurations of images made from others: what is not ours to know in them stays.</summary>
internal static class ImageText
{
    /// <summary>The configuration of an image with one layer more.</summary>
    /// <param name="configuration">That of the image below.</param>
    /// <param name="diffId">Digest of the new layer's uncompressed tar.</param>
    /// <param name="created">When it was as it is.</param>
    /// <param name="createdBy">What made it.</param>
    /// <exception cref="ImageException">InvalidImage: it names no layers.</exception>
    public static byte[] WithLayer(ReadOnlySpan<byte> configuration, string diffId, DateTimeOffset created, string createdBy)
    {
        JsonObject image = Parse(configuration);
        JsonArray layers = image["rootfs"]?["diff_ids"] as JsonArray ?? throw NoImage(null);
        string at = Time(created);

        // A history that is not whole says nothing of its length; one that is has an entry for each layer.
        if (image["history"] is JsonArray history)
        {
            history.Add((JsonNode)new JsonObject { ["created"] = at, ["created_by"] = createdBy });
        }

        layers.Add((JsonNode)JsonValue.Create(diffId));
        image["created"] = at;
        return Bytes(image);
    }

    /// <summary>The configuration of an image of one layer.</summary>
    /// <param name="model">The configuration whose settings it takes over; null: PATH, and a shell.</param>
    /// <param name="diffId">Digest of the layer's uncompressed tar.</param>
    /// <param name="created">Now.</param>
    /// <exception cref="ImageException">InvalidImage: the model makes no sense.</exception>
    public static byte[] OfOneLayer(byte[]? model, string diffId, DateTimeOffset created)
    {
        JsonNode? process = model is null ? null : Parse(model)["config"]?.DeepClone();
        return Bytes(new JsonObject
        {
            ["created"] = Time(created),
            ["architecture"] = OciPlatform.Host.Architecture,
            ["os"] = OciPlatform.Host.Os,
            ["config"] = process ?? new JsonObject
            {
                ["Env"] = new JsonArray((JsonNode)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                ["Cmd"] = new JsonArray((JsonNode)"/bin/sh"),
            },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray((JsonNode)diffId) },
        });
    }

    private static JsonObject Parse(ReadOnlySpan<byte> configuration)
    {
        try
        {
            return JsonNode.Parse(configuration) as JsonObject ?? throw NoImage(null);
        }
        catch (JsonException ex)
        {
            throw NoImage(ex);
        }
    }

    private static ImageException NoImage(Exception? cause) =>
        new(ImageErrorKind.InvalidImage, "the image's configuration is no JSON object that names its layers", cause);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
