using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Containerd;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Puts images into a registry that asks for no login.</summary>
internal sealed class RegistryPusher
{
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Uri _registry;

    public RegistryPusher(Uri registry)
    {
        _registry = registry;
    }

    /// <summary>Pushes an image of layers, given as stored and plain, and gives its manifest.</summary>
    public async Task<byte[]> PushAsync(
        string repository, string tag, string architecture, params (byte[] Blob, byte[] Plain, string Ending)[] layers)
    {
        byte[] config = TestArchive.Config(layers.Select(l => l.Plain), architecture);
        byte[] manifest = TestArchive.Manifest(config, [.. layers.Select(l => (l.Blob, l.Ending))]);
        await PutBlobAsync(repository, config);
        foreach (byte[] blob in layers.Select(l => l.Blob).DistinctBy(TestArchive.DigestOf))
        {
            await PutBlobAsync(repository, blob);
        }

        await PutManifestAsync(repository, tag, manifest, OciManifest);
        return manifest;
    }

    /// <summary>An image of one plain layer.</summary>
    public Task<byte[]> PushAsync(string repository, string tag, byte[] layer, string architecture = "amd64") =>
        PushAsync(repository, tag, architecture, (layer, layer, ""));

    /// <summary>An index of manifests that are there.</summary>
    public async Task<byte[]> PushIndexAsync(string repository, string tag, params (byte[] Manifest, string Platform)[] entries)
    {
        byte[] index = TestArchive.Index([.. entries.Select(e =>
        {
            string[] parts = e.Platform.Split('/');
            JsonObject descriptor = TestArchive.Descriptor(OciManifest, e.Manifest);
            descriptor["platform"] = new JsonObject { ["os"] = parts[0], ["architecture"] = parts[1], ["variant"] = parts.ElementAtOrDefault(2) };
            return descriptor;
        })]);
        await PutManifestAsync(repository, tag, index, OciIndex);
        return index;
    }

    public async Task PutBlobAsync(string repository, byte[] blob)
    {
        using HttpResponseMessage begun = await Client.PostAsync(new Uri(_registry, $"/v2/{repository}/blobs/uploads/"), null);
        begun.EnsureSuccessStatusCode();
        var target = new UriBuilder(new Uri(_registry, begun.Headers.Location!));
        target.Query = $"{target.Query.TrimStart('?')}&digest={Uri.EscapeDataString(TestArchive.DigestOf(blob))}";
        await PutAsync(target.Uri, blob, "application/octet-stream");
    }

    public Task PutManifestAsync(string repository, string reference, byte[] manifest, string mediaType) =>
        PutAsync(new Uri(_registry, $"/v2/{repository}/manifests/{reference}"), manifest, mediaType);

    private static async Task PutAsync(Uri address, byte[] bytes, string mediaType)
    {
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
        using HttpResponseMessage answer = await Client.PutAsync(address, content);
        Assert.True(answer.IsSuccessStatusCode, $"PUT {address}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
