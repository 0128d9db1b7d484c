using System.Globalization;

namespace Sleigh.Containerd;

/// <summary>The labels by which containerd's garbage collection goes from a manifest to all that belongs to it.</summary>
internal static class ContentLabels
{
    private const string ToContent = "containerd.io/gc.ref.content.";
    private const string ToSnapshot = "containerd.io/gc.ref.snapshot." + SnapshotsService.Snapshotter;
    private const string Uncompressed = "containerd.io/uncompressed";

    public static async Task SetAsync(ContainerdClient client, PlannedImage image, string chainId, CancellationToken cancellationToken)
    {
        foreach (PlannedLayer layer in image.Layers)
        {
            await client.Content.SetLabelsAsync(layer.Blob.Digest, new Dictionary<string, string> { [Uncompressed] = layer.DiffId }, cancellationToken);
        }

        await client.Content.SetLabelsAsync(image.ConfigDigest, new Dictionary<string, string> { [ToSnapshot] = chainId }, cancellationToken);
        var labels = new Dictionary<string, string> { [ToContent + "config"] = image.ConfigDigest };
        for (int i = 0; i < image.Layers.Count; i++)
        {
            labels[ToContent + "l." + i.ToString(CultureInfo.InvariantCulture)] = image.Layers[i].Blob.Digest;
        }

        await client.Content.SetLabelsAsync(image.Target.Digest, labels, cancellationToken);
    }

    /// <summary>Labels of a view that must live until it is removed.</summary>
    public static IReadOnlyDictionary<string, string> Root(DateTimeOffset now) => new Dictionary<string, string>
    {
        ["containerd.io/gc.root"] = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
    };
}
