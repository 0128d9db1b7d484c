using Sleigh.Containerd;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Images of a real registry that are as they should be.</summary>
public sealed class PullTests : IClassFixture<PrivateContainerd>, IClassFixture<RealRegistry>
{
    private static readonly byte[] Low = TestArchive.Layer(("hello", TinyProgram.Print("hello\n")), ("both", "low"u8.ToArray()));
    private static readonly byte[] High = TestArchive.Layer(("both", "high"u8.ToArray()));

    private readonly PrivateContainerd _containerd;
    private readonly RealRegistry _registry;

    public PullTests(PrivateContainerd containerd, RealRegistry registry)
    {
        _containerd = containerd;
        _registry = registry;
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_tag_is_pulled_opened_and_removed()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] gzip = TestArchive.Gzip(High);
        byte[] manifest = await _registry.Pusher.PushAsync("team/app", "v1", "amd64", (Low, Low, ""), (gzip, High, "+gzip"));
        string name = $"{_registry.Host}/team/app:v1";

        Assert.Equal(name, await world.PullAsync(name));

        ImageTree tree = await world.Images.Images.OpenAsync(name);
        Assert.Equal(TestArchive.DigestOf(manifest), tree.Digest);
        Assert.Equal("high", await world.ReadAsync(name, "both"));
        Assert.Equal("low", await File.ReadAllTextAsync(Path.Combine(tree.Lowers[1], "both")));
        Assert.Empty(await world.Images.Client.Leases.ListAsync());

        PullProgress last = world.Progress[^1];
        Assert.Equal(PullStage.Unpacking, last.Stage);
        Assert.Equal(
            [new LayerProgress(TestArchive.DigestOf(Low), Low.Length, Low.Length, LayerState.Unpacked), new(TestArchive.DigestOf(gzip), gzip.Length, gzip.Length, LayerState.Unpacked)],
            last.Layers);
        Assert.Equal([PullStage.Resolving, PullStage.Downloading, PullStage.Unpacking], world.Progress.Select(p => p.Stage).Distinct());
        Assert.Contains(world.Progress, p => p.Layers.Any(l => l.State == LayerState.Downloading));

        Assert.True(await world.Images.Images.RemoveAsync(name));
        await world.Images.AssertEmptyAsync();
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task What_is_here_is_not_fetched_again()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await _registry.Pusher.PushAsync("team/again", "v1", Low);
        await using var door = new TestDoor(_registry.Host, (_, answer) => answer);
        await world.PullAsync($"{door.Host}/team/again:v1");
        string layer = TestArchive.DigestOf(Low);
        Assert.Contains(door.Requests, r => r.Target.EndsWith(layer, StringComparison.Ordinal));
        door.Requests.Clear();

        await world.PullAsync($"{door.Host}/team/again:v1");

        Assert.DoesNotContain(door.Requests, r => r.Target.EndsWith(layer, StringComparison.Ordinal));
        Assert.Contains(world.Progress, p => p.Layers.Any(l => l is { State: LayerState.Present } && l.Received == l.Size));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_digest_says_which_whatever_the_tag_is()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] first = await _registry.Pusher.PushAsync("team/digest", "v1", Low);
        await _registry.Pusher.PushAsync("team/digest", "v1", High);
        string bare = $"{_registry.Host}/team/digest@{TestArchive.DigestOf(first)}";
        string tagged = $"{_registry.Host}/team/digest:v1@{TestArchive.DigestOf(first)}";

        Assert.Equal(bare, await world.PullAsync(bare));
        Assert.Equal(tagged, await world.PullAsync(tagged));

        Assert.Equal("low", await world.ReadAsync(bare, "both"));
        Assert.Equal("low", await world.ReadAsync(tagged, "both"));
        await world.PullAsync($"{_registry.Host}/team/digest:v1");
        Assert.Equal("high", await world.ReadAsync($"{_registry.Host}/team/digest:v1", "both"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task An_index_gives_the_image_of_the_platform()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] arm = await _registry.Pusher.PushAsync("team/index", "arm", High, "arm64");
        byte[] amd = await _registry.Pusher.PushAsync("team/index", "amd", Low);
        await _registry.Pusher.PushIndexAsync(
            "team/index", "all", (arm, "linux/arm64/v8"), (arm, "unknown/unknown"), (amd, "linux/amd64/v4"), (amd, "linux/amd64"));
        string name = $"{_registry.Host}/team/index:all";

        await world.PullAsync(name);
        Assert.Equal(TestArchive.DigestOf(amd), (await world.Images.Images.OpenAsync(name)).Digest);

        await world.PullAsync(name, platform: "linux/arm64");
        Assert.Equal(TestArchive.DigestOf(arm), (await world.Images.Images.FindAsync(name))!.Digest);
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => world.PullAsync(name, platform: "linux/riscv64"));
        Assert.Equal(
            (RegistryErrorKind.Invalid,
            $"could not pull '{name}' from {_registry.Host}: the image is for linux/amd64, linux/amd64/v4, linux/arm64/v8, not for linux/riscv64"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Layers_in_zstd_and_layers_that_stand_there_twice()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/zstd"), "this host lacks zstd");
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] zstd = await ZstdAsync(Low);
        await _registry.Pusher.PushAsync("team/zstd", "v1", "amd64", (zstd, Low, "+zstd"), (High, High, ""), (zstd, Low, "+zstd"));
        string name = $"{_registry.Host}/team/zstd:v1";

        await world.PullAsync(name);

        ImageTree tree = await world.Images.Images.OpenAsync(name);
        Assert.Equal(3, tree.Lowers.Count);
        Assert.Equal("low", await world.ReadAsync(name, "both"));
        Assert.Equal(2, world.Progress[^1].Layers.Count);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Twenty_pulls_of_one_image_at_once_all_succeed()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        byte[] random = new byte[1 << 20];
        new Random(3).NextBytes(random);
        byte[] big = TestArchive.Layer(("both", "big"u8.ToArray()), ("random", random));
        await _registry.Pusher.PushAsync("team/many", "v1", "amd64", (Low, Low, ""), (big, big, ""));
        string name = $"{_registry.Host}/team/many:v1";
        using ImagePuller puller = world.Puller();

        string[] names = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => puller.PullAsync(ImageName.Parse(name), null, null)));

        Assert.All(names, n => Assert.Equal(name, n));
        Assert.Equal("big", await world.ReadAsync(name, "both"));
        Assert.Empty(await world.Images.Client.Leases.ListAsync());
        Assert.Empty(await world.Images.Client.Content.ListIngestsAsync());
        Assert.True(await world.Images.Images.RemoveAsync(name));
        await world.Images.AssertEmptyAsync();
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Mirrors_are_asked_first_and_may_fail()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await _registry.Pusher.PushAsync("team/mirrored", "v1", Low);
        await using var empty = new TestDoor(_ => DoorAnswer.Text(404, """{"errors":[{"code":"NAME_UNKNOWN"}]}"""));
        await using var spoiler = new TestDoor(_registry.Host, (request, answer) => request.IsBlob ? answer with { Body = Spoil(answer.Body) } : answer);
        await using var good = new TestDoor(_registry.Host, (_, answer) => answer);
        string name = $"{good.Host}/team/mirrored:v1";
        var host = new RegistryHost
        {
            Host = good.Host,
            Mirrors = [new Uri("http://127.0.0.1:1"), new Uri($"http://{empty.Host}"), new Uri($"http://{spoiler.Host}")],
        };

        await world.PullAsync(name, new RegistrySettings { Hosts = [host] });

        Assert.Equal("low", await world.ReadAsync(name, "both"));
        Assert.Contains(world.Reports, r => r.StartsWith("the mirror 127.0.0.1:1 failed, asking the next: ", StringComparison.Ordinal) && r.Contains("Connection refused", StringComparison.Ordinal));
        Assert.Contains(world.Reports, r => r.Contains("it said 404 Not Found: NAME_UNKNOWN", StringComparison.Ordinal));
        Assert.Contains(world.Reports, r => r.Contains("which is not its name", StringComparison.Ordinal) || r.Contains("came with the digest", StringComparison.Ordinal));

        RegistryHost mirrored = host with { Mirrors = [new Uri($"http://{good.Host}")], Host = "127.0.0.1:1" };
        good.Requests.Clear();
        await world.PullAsync("127.0.0.1:1/team/mirrored:v1", new RegistrySettings { Hosts = [mirrored] });
        Assert.NotEmpty(good.Requests);
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task The_way_goes_by_the_proxy_of_the_environment()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await _registry.Pusher.PushAsync("team/proxied", "v1", Low);
        await using var proxy = new TestDoor(_registry.Host, (_, answer) => answer);
        var variables = new ProxyVariables(name => name == "HTTP_PROXY" ? $"http://{proxy.Host}" : null);
        var settings = new RegistrySettings { Proxy = variables, Hosts = [new RegistryHost { Host = "registry.test:5000", PlainHttp = true }] };

        await world.PullAsync("registry.test:5000/team/proxied:v1", settings);

        Assert.Equal("low", await world.ReadAsync("registry.test:5000/team/proxied:v1", "both"));
        Assert.All(proxy.Requests, r => Assert.StartsWith("http://registry.test:5000/v2/team/proxied/", r.Target, StringComparison.Ordinal));
        proxy.Requests.Clear();
        await world.PullAsync($"{_registry.Host}/team/proxied:v1", settings);
        Assert.Empty(proxy.Requests);
    }

    internal static byte[] Spoil(byte[] bytes)
    {
        byte[] spoiled = [.. bytes];
        spoiled[spoiled.Length / 2] ^= 1;
        return spoiled;
    }

    private static async Task<byte[]> ZstdAsync(byte[] bytes)
    {
        using System.Diagnostics.Process zstd = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("zstd", "-cq") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        using var packed = new MemoryStream();
        Task copy = zstd.StandardOutput.BaseStream.CopyToAsync(packed);
        await zstd.StandardInput.BaseStream.WriteAsync(bytes);
        zstd.StandardInput.Close();
        await copy;
        await zstd.WaitForExitAsync();
        return packed.ToArray();
    }
}
