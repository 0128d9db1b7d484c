using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sleigh.Containerd;

/// <summary>A reference to a blob (OCI image specification 1.1, descriptor.md).</summary>
internal sealed record OciDescriptor
{
    public string? MediaType { get; init; }

    public string? Digest { get; init; }

    public long Size { get; init; }

    public OciPlatform? Platform { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>An index or a manifest: which of the two shows in which lists there are.</summary>
internal sealed record OciManifest
{
    public int SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public IReadOnlyList<OciDescriptor>? Manifests { get; init; }

    public OciDescriptor? Config { get; init; }

    public IReadOnlyList<OciDescriptor>? Layers { get; init; }
}

/// <summary>The configuration blob of an image.</summary>
internal sealed record OciImage
{
    public string? Created { get; init; }

    public string? Architecture { get; init; }

    public string? Os { get; init; }

    public OciProcess? Config { get; init; }

    public OciRootfs? Rootfs { get; init; }
}

/// <summary>What to start in the image. These names are capitalised on the wire.</summary>
internal sealed record OciProcess
{
    [JsonPropertyName("User")]
    public string? User { get; init; }

    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env { get; init; }

    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Cmd { get; init; }

    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }
}

/// <summary>The layers of an image by the digests of their uncompressed tars, the lowest first.</summary>
internal sealed record OciRootfs
{
    public string? Type { get; init; }

    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<string>? DiffIds { get; init; }
}

/// <summary>The file oci-layout.</summary>
internal sealed record OciLayout
{
    public string? ImageLayoutVersion { get; init; }
}

/// <summary>One image in the manifest.json of a docker archive. These names are capitalised on the wire.</summary>
internal sealed record DockerArchiveImage
{
    [JsonPropertyName("Config")]
    public string? Config { get; init; }

    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public IReadOnlyList<string>? Layers { get; init; }
}

/// <summary>Source-generated readers and writers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciImage))]
[JsonSerializable(typeof(OciLayout))]
[JsonSerializable(typeof(IReadOnlyList<DockerArchiveImage>))]
internal sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="ImageException">InvalidImage, naming the document.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new ImageException(ImageErrorKind.InvalidImage, $"{what} is empty");
        }
        catch (JsonException ex)
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} is not valid JSON of its kind: {ex.Message}", ex);
        }
    }
}
