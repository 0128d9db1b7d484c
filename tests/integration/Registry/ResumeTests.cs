using System.Globalization;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>Connections that break, servers that are slow, silent or busy.</summary>
public sealed class ResumeTests : IClassFixture<PrivateContainerd>, IClassFixture<RealRegistry>, IAsyncLifetime
{
    private static readonly byte[] Layer = RandomLayer();

    private readonly PrivateContainerd _containerd;
    private readonly RealRegistry _registry;

    public ResumeTests(PrivateContainerd containerd, RealRegistry registry)
    {
        _containerd = containerd;
        _registry = registry;
    }

    public async ValueTask InitializeAsync()
    {
        if (_registry.Host.Length > 0)
        {
            await _registry.Pusher.PushAsync("team/big", "v1", Layer);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_connection_that_breaks_in_a_layer_is_taken_up_where_it_was()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        int answered = 0;
        await using var door = new TestDoor(
            _registry.Host,
            (request, answer) => IsLayer(request) && ++answered <= 2 ? answer with { CutAfter = 1_300_000 } : answer);

        await world.PullAsync($"{door.Host}/team/big:v1");

        string?[] ranges = [.. door.Requests.Where(IsLayer).Select(r => r["Range"])];
        Assert.Equal(3, ranges.Length);
        Assert.Null(ranges[0]);
        Assert.Equal("bytes=1300000-", ranges[1]);
        Assert.Equal("bytes=2600000-", ranges[2]);
        Assert.Equal("big", await world.ReadAsync($"{door.Host}/team/big:v1", "name"));
        Assert.Contains(world.Progress, p => p.Layers.Any(l => l is { State: LayerState.Resuming, Received: 1_300_000 }));
        Assert.Contains(world.Reports, r => r.Contains("trying again from byte 1300000 in ", StringComparison.Ordinal));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_server_without_ranges_sends_all_again()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        int answered = 0;
        await using var door = new TestDoor(_registry.Host, async (request, ask) =>
        {
            if (!IsLayer(request))
            {
                return await ask();
            }

            return new DoorAnswer(200, Layer) { CutAfter = ++answered == 1 ? 1_000_000 : null };
        });

        await world.PullAsync($"{door.Host}/team/big:v1");

        Assert.Equal(2, answered);
        Assert.Equal("big", await world.ReadAsync($"{door.Host}/team/big:v1", "name"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_server_that_falls_silent_is_left_and_asked_anew()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        int answered = 0;
        await using var door = new TestDoor(
            _registry.Host, (request, answer) => IsLayer(request) && ++answered == 1 ? answer with { SilentAfter = 500_000 } : answer);

        await world.PullAsync($"{door.Host}/team/big:v1", new RegistrySettings { StallTimeout = TimeSpan.FromSeconds(2) });

        Assert.Equal("bytes=500000-", door.Requests.Last(IsLayer)["Range"]);
        Assert.Contains(world.Reports, r => r.Contains($"no byte of the layer {TestArchive.DigestOf(Layer)} came for 2 s", StringComparison.Ordinal));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_busy_server_is_asked_again_after_the_time_it_names()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        int layers = 0;
        int manifests = 0;
        await using var door = new TestDoor(_registry.Host, async (request, ask) => (IsLayer(request) ? ++layers : request.IsBlob ? 9 : ++manifests) switch
        {
            1 => DoorAnswer.Text(429, """{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}""", ("Retry-After", "1")),
            2 => DoorAnswer.Text(503, "busy"),
            _ => await ask(),
        });

        await world.PullAsync($"{door.Host}/team/big:v1");

        Assert.Contains(world.Reports, r => r.EndsWith("it said 429 Too Many Requests: TOOMANYREQUESTS: slow down; trying again from byte 0 in 1 s", StringComparison.Ordinal));
        Assert.Contains(world.Reports, r => r.Contains("it said 503 Service Unavailable: busy; trying again in ", StringComparison.Ordinal));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task Five_tries_without_progress_are_enough_and_nothing_is_left()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using var door = new TestDoor(
            _registry.Host,
            (request, answer) => !IsLayer(request) ? answer : answer with { CutAfter = request["Range"] is null ? 1_000_000 : 0 });

        RegistryException error = await world.RefuseAsync($"{door.Host}/team/big:v1");

        Assert.Equal(RegistryErrorKind.Network, error.Kind);
        Assert.Equal(6, door.Requests.Count(IsLayer));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_slow_server_is_waited_for_and_its_progress_told()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        await using var door = new TestDoor(
            _registry.Host, (request, answer) => IsLayer(request) ? answer with { Pause = TimeSpan.FromMilliseconds(30) } : answer);

        await world.PullAsync($"{door.Host}/team/big:v1");

        long[] received = [.. world.Progress.SelectMany(p => p.Layers).Where(l => l.State == LayerState.Downloading).Select(l => l.Received)];
        Assert.True(received.Distinct().Count() >= 5, string.Join(' ', received));
        Assert.Equal(received.Order(), received);
        Assert.True(world.Progress.Count < 60, world.Progress.Count.ToString(CultureInfo.InvariantCulture));
    }

    [HostFact(Need.Root, Need.Containerd, Need.DockerRegistry)]
    public async Task A_pull_that_is_cancelled_in_a_layer_leaves_nothing()
    {
        PullWorld world = await PullWorld.MakeAsync(_containerd);
        using var cancel = new CancellationTokenSource();
        await using var door = new TestDoor(_registry.Host, async (request, ask) =>
        {
            if (IsLayer(request))
            {
                cancel.CancelAfter(300);
            }

            return await ask() is var answer && IsLayer(request) ? answer with { SilentAfter = 2_000_000 } : answer;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.PullAsync($"{door.Host}/team/big:v1", cancellationToken: cancel.Token));

        await world.Images.AssertEmptyAsync();
    }

    private static bool IsLayer(DoorRequest request) => request.Target.EndsWith(TestArchive.DigestOf(Layer), StringComparison.Ordinal);

    private static byte[] RandomLayer()
    {
        byte[] random = new byte[3 << 20];
        new Random(7).NextBytes(random);
        return TestArchive.Layer(("name", "big"u8.ToArray()), ("random", random));
    }
}
