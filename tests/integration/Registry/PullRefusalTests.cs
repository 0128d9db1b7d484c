using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Images that are refused: one sentence, and nothing left.</summary>
public sealed class PullRefusalTests : IClassFixture<PrivateContainerd>, IClassFixture<RealRegistry>
{
    private static readonly byte[] Layer = TestArchive.Layer(("hello", "hello"u8.ToArray()));

    private readonly PrivateContainerd _containerd;
    private readonly RealRegistry _registry;

    public PullRefusalTests(PrivateContainerd containerd, RealRegistry registry)
    {
        _containerd = containerd;
        _registry = registry;
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task An_image_or_tag_that_is_not_there()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await _registry.Pusher.PushAsync("team/there", "v1", Layer);

        RegistryException tag = await world.RefuseAsync($"{_registry.Host}/team/there:v2");
        RegistryException image = await world.RefuseAsync($"{_registry.Host}/team/absent:v2");

        Assert.Equal(RegistryErrorKind.NotFound, tag.Kind);
        Assert.Equal(
            $"could not pull '{_registry.Host}/team/there:v2' from {_registry.Host}: it said 404 Not Found: MANIFEST_UNKNOWN: manifest unknown", tag.Message);
        Assert.Equal(RegistryErrorKind.NotFound, image.Kind);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_host_that_does_not_answer()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);

        RegistryException error = await world.RefuseAsync("127.0.0.1:1/team/app:v1");

        Assert.Equal(RegistryErrorKind.Network, error.Kind);
        Assert.Equal("could not pull '127.0.0.1:1/team/app:v1' from 127.0.0.1:1: it cannot be reached: Connection refused", error.Message);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_byte_that_is_another_one_in_layer_configuration_or_manifest()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] manifest = await _registry.Pusher.PushAsync("team/spoiled", "v1", Layer);
        string config = TestArchive.DigestOf(TestArchive.Config([Layer]));
        foreach (string spoiled in (string[])[TestArchive.DigestOf(Layer), config, TestArchive.DigestOf(manifest)])
        {
            await using var door = new TestDoor(
                _registry.Host,
                (request, answer) => request.Target.EndsWith(spoiled, StringComparison.Ordinal) ? answer with { Body = PullTests.Spoil(answer.Body) } : answer);

            RegistryException error = await world.RefuseAsync($"{door.Host}/team/spoiled@{TestArchive.DigestOf(manifest)}");

            Assert.Equal(RegistryErrorKind.Invalid, error.Kind);
            Assert.Matches($"^could not pull '{door.Host}/team/spoiled@.* from {door.Host}: .* digest sha256:[0-9a-f]{{64}}(, which is not its name)?$", error.Message);
            Assert.Contains(spoiled, error.Message, StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_layer_that_is_not_what_the_configuration_says()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] other = TestArchive.Layer(("hello", "other"u8.ToArray()));
        await _registry.Pusher.PushAsync("team/lies", "v1", "amd64", (other, Layer, ""));

        RegistryException error = await world.RefuseAsync($"{_registry.Host}/team/lies:v1");

        Assert.Equal(RegistryErrorKind.Invalid, error.Kind);
        Assert.EndsWith($"unpacks to {TestArchive.DigestOf(other)}, the configuration says {TestArchive.DigestOf(Layer)}", error.Message, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Layers_that_registries_do_not_hold()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] config = TestArchive.Config([Layer]);
        JsonNode manifest = JsonNode.Parse(TestArchive.Manifest(config, (Layer, "")))!;
        manifest["mediaType"] = RegistryPusher.DockerManifest;
        manifest["layers"]![0]!["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        byte[] bytes = TestArchive.Json(manifest);
        await using var door = new TestDoor(request =>
            request.IsBlob ? new DoorAnswer(200, config) : new DoorAnswer(200, bytes) { Headers = [("Content-Type", RegistryPusher.DockerManifest)] });

        RegistryException error = await world.RefuseAsync($"{door.Host}/team/foreign:v1");

        Assert.Equal(
            (RegistryErrorKind.Invalid,
            $"could not pull '{door.Host}/team/foreign:v1' from {door.Host}: the layer {TestArchive.DigestOf(Layer)} is of the type 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', whose bytes registries do not hold"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Images_for_other_platforms_only()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await _registry.Pusher.PushAsync("team/arm", "v1", Layer, "arm64");

        RegistryException error = await world.RefuseAsync($"{_registry.Host}/team/arm:v1");

        Assert.Equal(RegistryErrorKind.Invalid, error.Kind);
        Assert.EndsWith($": the image is for linux/arm64, not for {OciPlatform.Host}", error.Message, StringComparison.Ordinal);
        RegistryException platform = await world.RefuseAsync($"{_registry.Host}/team/arm:v1", platform: "arm64");
        Assert.Equal("'arm64' is not a platform; it is os/architecture or os/architecture/variant, as linux/amd64", platform.Message);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Images_over_the_limits()
    {
        byte[] zeros = TestArchive.Layer(("zeros", new byte[200_000]));
        byte[] gzip = TestArchive.Gzip(zeros);
        byte[] other = TestArchive.Layer(("others", new byte[200_000]));
        await _registry.Pusher.PushAsync("team/large", "v1", "amd64", (gzip, zeros, "+gzip"), (other, other, ""));
        await _registry.Pusher.PushAsync("team/twice", "v1", "amd64", (gzip, zeros, "+gzip"), (gzip, zeros, "+gzip"));
        string name = $"{_registry.Host}/team/large:v1";

        foreach ((ImageLimits limits, string image, string end) in (IEnumerable<(ImageLimits, string, string)>)
        [
            (new ImageLimits { MaxUnpackedBytes = 300_000 }, name, "brings the layers to more than the limit of 300000 bytes"),
            (new ImageLimits { MaxUnpackedBytes = 300_000 }, $"{_registry.Host}/team/twice:v1", "brings the layers to more than the limit of 300000 bytes"),
            (new ImageLimits { MaxLayers = 1 }, name, "the image has 2 layers, more than the limit of 1"),
            (new ImageLimits { MaxJsonBytes = 100 }, name, "a document (/v2/team/large/manifests/v1) is larger than the limit of 100 bytes"),
            (new ImageLimits { MaxMemberBytes = 100_000 }, name, $"the layer {TestArchive.DigestOf(other)} has {other.Length} bytes, more than the limit of 100000"),
            (new ImageLimits { MaxArchiveBytes = 1000 }, name, $"the layers have {gzip.Length + other.Length} bytes, more than the limit of 1000"),
        ])
        {
            PullWorld world = await PullWorld.MakeAsync(_containerd, limits);

            RegistryException error = await world.RefuseAsync(image);

            Assert.Equal(RegistryErrorKind.Invalid, error.Kind);
            Assert.EndsWith(end, error.Message, StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_name_keeps_its_image_when_a_new_one_is_refused()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        bool spoil = false;
        await using var door = new TestDoor(
            _registry.Host, (request, answer) => spoil && request.IsBlob ? answer with { Body = PullTests.Spoil(answer.Body) } : answer);
        await _registry.Pusher.PushAsync("team/kept", "v1", Layer);
        await world.PullAsync($"{door.Host}/team/kept:v1");
        ImageTree before = await world.Images.Images.OpenAsync($"{door.Host}/team/kept:v1");
        int blobs = (await world.Images.Client.Content.ListAsync()).Count;
        await _registry.Pusher.PushAsync("team/kept", "v1", TestArchive.Layer(("hello", "new"u8.ToArray())));
        spoil = true;

        await Assert.ThrowsAsync<RegistryException>(() => world.PullAsync($"{door.Host}/team/kept:v1"));

        Assert.Equal(before, await world.Images.Images.OpenAsync($"{door.Host}/team/kept:v1"));
        Assert.Equal(blobs, (await world.Images.Client.Content.ListAsync()).Count);
    }
}
