using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Images come from a real registry when a sandbox needs them, once however many ask, and go again when nobody uses them.</summary>
public sealed class RegistryDaemonTests(RegistryFixture fixture) : IClassFixture<RegistryFixture>
{
    private const string Advice = "; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)";

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task A_create_pulls_a_missing_image_and_says_so_and_the_next_one_finds_it()
    {
        PushedImage image = await fixture.PushAsync("wait");

        JsonObject first = await fixture.Client.CreateAsync(image.Name);
        JsonObject second = await fixture.Client.CreateAsync(image.Name);

        Assert.True((bool)first["image_pull_triggered"]!);
        Assert.Equal("completed", (string)first["image_pull_status"]!);
        long pull = (long)first["image_pull_duration_ms"]!;
        Assert.True(pull > 0);
        Assert.True((long)first["phases_ms"]!["image"]! >= pull - 1, first.ToJsonString());
        Assert.True((long)first["startup_latency_ms"]! >= pull, first.ToJsonString());
        Assert.False(second.ContainsKey("image_pull_triggered"), second.ToJsonString());
        Assert.Equal(1, fixture.Fetches(image.Layer));
        Assert.Equal("works\n", await fixture.Client.RunAsync((string)first["sandbox_id"]!, "echo works"));
        JsonObject listed = (await fixture.FindAsync(image.Name))!;
        Assert.True((bool)listed["in_use"]!);
        Assert.NotNull(listed["last_used_at"]);
        await DeleteAsync(first, second);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task Twenty_creates_of_one_missing_image_share_one_pull()
    {
        PushedImage image = await fixture.PushAsync("shared", 4 << 20);

        JsonObject[] made = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => fixture.Client.CreateAsync(image.Name)));

        Assert.Equal(1, fixture.Fetches(image.Layer));
        Assert.Contains(made, m => m.ContainsKey("image_pull_triggered"));
        string[] said = await Task.WhenAll(made.Select(m => fixture.Client.RunAsync((string)m["sandbox_id"]!, "echo works")));
        Assert.All(said, s => Assert.Equal("works\n", s));
        await DeleteAsync(made);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    [ContractLine("C2", Part = "all keys")]
    public async Task Who_wants_to_be_told_is_told_and_pulls_with_the_next_call()
    {
        PushedImage image = await fixture.PushAsync("notify");

        JsonObject told = await fixture.Client.SendAsync("POST", "/sandboxes", Body(image.Name).With("image_pull_policy", "notify"), 409);
        JsonObject made = await fixture.Client.CreateAsync(image.Name, JsonFields.Of("image_pull_policy", "wait"));
        JsonObject again = await fixture.Client.CreateAsync(image.Name, JsonFields.Of("image_pull_policy", "notify"));

        Assert.Equal($"image \"{image.Name}\" is not cached on host and needs pull", (string)told["error"]!);
        Assert.Equal("image_pull_needed", (string)told["code"]!);
        Assert.True((bool)told["image_pull_needed"]!);
        Assert.Equal(image.Name, (string)told["resolved_image"]!);
        Assert.Equal("retry create_sandbox with image_pull_policy=wait to perform pull", (string)told["next_action"]!);
        Assert.True((bool)made["image_pull_triggered"]!);
        await DeleteAsync(made, again);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task A_pull_that_cannot_work_says_why()
    {
        await FailsAsync($"{fixture.Host}/no-such:1", "not_found", "not found");
        await FailsAsync($"{Unused()}/app:1", "network", "network");

        string image = (await fixture.PushAsync("locked")).Name.Replace(fixture.Host, fixture.LockedHost, StringComparison.Ordinal);
        fixture.UseLogin("wrong");
        await fixture.Daemon.KillAndRestartAsync();
        await FailsAsync(image, "denied", "access denied");
        JsonObject cause = JsonNode.Parse((await fixture.Administrator.LinesAsync("/admin/images/pull", JsonFields.Of("name", image)))[^1])!.AsObject();
        Assert.Equal("image_pull_failed", (string)cause["code"]!);
        Assert.Contains(fixture.LockedHost, (string)cause["details"]!["cause"]!, StringComparison.Ordinal);

        fixture.UseLogin(RegistryFixture.Password);
        await fixture.Daemon.KillAndRestartAsync();
        await DeleteAsync(await fixture.Client.CreateAsync(image));
        Assert.DoesNotContain(RegistryFixture.Password, await File.ReadAllTextAsync(fixture.Daemon.LogFile), StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    [ContractLine("C7", Part = "the daemon dies in a pull")]
    public async Task A_daemon_killed_in_mid_pull_leaves_nothing_and_pulls_again_after_its_restart()
    {
        PushedImage image = await fixture.PushAsync("killed", 16 << 20);
        string[] before = fixture.Content();
        fixture.Blobs = a => a with { SilentAfter = a.Body.Length * 3 / 4 };
        Task<(int, JsonObject)> create = fixture.Client.CallAsync("POST", "/sandboxes", Body(image.Name));
        await BegunAsync(image);

        await fixture.Daemon.KillAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => create);
        fixture.Blobs = a => a;
        await fixture.Daemon.StartAsync();

        await Poll.UntilAsync(() => fixture.Content().SequenceEqual(before), 30, () => $"left: {string.Join(' ', fixture.Content().Except(before))}");
        Assert.Empty(await LeasesAsync());
        Assert.Null(await fixture.FindAsync(image.Name));
        JsonObject made = await fixture.Client.CreateAsync(image.Name);
        Assert.Equal("works\n", await fixture.Client.RunAsync((string)made["sandbox_id"]!, "echo works"));
        await DeleteAsync(made);
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task A_create_whose_caller_goes_leaves_the_pull_going_and_an_administrators_pull_ends_with_its_caller()
    {
        PushedImage image = await fixture.PushAsync("gone", 8 << 20);
        await BeginAndGoAsync(image, token => fixture.Client.CallAsync("POST", "/sandboxes", Body(image.Name), token));
        await Poll.UntilAsync(async () => await fixture.FindAsync(image.Name) is not null, 60, () => "the pull did not go on");

        PushedImage other = await fixture.PushAsync("ended", 8 << 20);
        string[] before = fixture.Content();
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        await BeginAndGoAsync(other, token => administrator.CallAsync("POST", "/admin/images/pull", JsonFields.Of("name", other.Name), token));
        await Poll.UntilAsync(() => fixture.Content().SequenceEqual(before), 60, () => $"left: {string.Join(' ', fixture.Content().Except(before))}");
        Assert.Null(await fixture.FindAsync(other.Name));
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task A_pull_that_takes_too_long_is_given_up()
    {
        PushedImage image = await fixture.PushAsync("slow", 8 << 20);
        string[] before = fixture.Content();
        fixture.Daemon.Set("images.pull_timeout_seconds", "4");
        await fixture.Daemon.KillAndRestartAsync();
        fixture.Blobs = a => a with { SilentAfter = a.Body.Length / 2 };

        JsonObject error = await fixture.Client.SendAsync("POST", "/sandboxes", Body(image.Name), 504);

        Assert.Equal("image_pull_timeout", (string)error["code"]!);
        Assert.Equal($"image pull timed out after 4s for \"{image.Name}\"{Advice}", (string)error["error"]!);
        Assert.Equal(4, (int)error["details"]!["timeout_seconds"]!);
        await Poll.UntilAsync(() => fixture.Content().SequenceEqual(before), 30, () => $"left: {string.Join(' ', fixture.Content().Except(before))}");
        fixture.Blobs = a => a;
        fixture.Daemon.Set("images.pull_timeout_seconds", "120");
        await fixture.Daemon.KillAndRestartAsync();
    }

    [HostFact(Need.Root, Need.InitBinary, Need.DockerRegistry)]
    public async Task A_prune_removes_what_is_unused_and_keeps_what_is_used_or_prefetched()
    {
        PushedImage used = await fixture.PushAsync("used");
        PushedImage unused = await fixture.PushAsync("unused");
        PushedImage prefetched = await fixture.PushAsync("prefetched");
        fixture.Daemon.Set("images.prefetch", $"[\"{prefetched.Name}\"]");
        await fixture.Daemon.KillAndRestartAsync();
        JsonObject made = await fixture.Client.CreateAsync(used.Name);
        string[] lines = await fixture.Administrator.LinesAsync("/admin/images/pull", JsonFields.Of("name", unused.Name));
        await Poll.UntilAsync(async () => await fixture.FindAsync(prefetched.Name) is not null, 60, () => "the prefetch list was not pulled");

        JsonObject would = await fixture.Administrator.SendAsync("POST", "/admin/images/prune", JsonFields.Of("dry_run", true), 200);
        JsonObject nothing = await fixture.Administrator.SendAsync("POST", "/admin/images/prune", JsonFields.Of("unused_for_seconds", 3600), 200);
        Assert.NotNull(await fixture.FindAsync(unused.Name));
        JsonObject did = await fixture.Administrator.SendAsync("POST", "/admin/images/prune", null, 200);

        Assert.StartsWith("{\"pull\":{\"stage\":\"resolving\"", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.Contains($"\"digest\":\"{unused.Layer}\",\"size\":{unused.LayerBytes}", StringComparison.Ordinal));
        Assert.StartsWith($"{{\"image\":{{\"name\":\"{unused.Name}\"", lines[^1], StringComparison.Ordinal);
        Assert.Contains(unused.Name, Names(would));
        Assert.Empty(Names(nothing));
        Assert.Equal(Names(would), Names(did));
        Assert.Equal((long)would["freed_bytes"]!, (long)did["freed_bytes"]!);
        Assert.True((long)did["freed_bytes"]! >= unused.LayerBytes, did.ToJsonString());
        Assert.DoesNotContain(fixture.Content(), b => b.EndsWith(unused.Layer[7..], StringComparison.Ordinal));
        Assert.Null(await fixture.FindAsync(unused.Name));
        Assert.False((bool)(await fixture.FindAsync(prefetched.Name))!["in_use"]!);
        Assert.True((bool)(await fixture.FindAsync(used.Name))!["in_use"]!);
        Assert.Equal("works\n", await fixture.Client.RunAsync((string)made["sandbox_id"]!, "echo works"));
        Assert.Equal("image_in_use", (string)(await fixture.Administrator.SendAsync("DELETE", $"/admin/images?name={used.Name}", null, 409))["code"]!);
        fixture.Daemon.Set("images.prefetch", "[]");
        await DeleteAsync(made);
    }

    private static JsonObject Body(string image) => JsonFields.Of("image", image);

    private static string[] Names(JsonObject list) => [.. list["items"]!.AsArray().Select(i => (string)i!["name"]!)];

    private static IPEndPoint Unused()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    // The rest of the layer takes some seconds, in which the caller goes.
    private async Task BeginAndGoAsync(PushedImage image, Func<CancellationToken, Task<(int, JsonObject)>> call)
    {
        using CancellationTokenSource goes = new();
        fixture.Blobs = a => a with { Pause = TimeSpan.FromMilliseconds(30) };
        Task<(int, JsonObject)> calling = call(goes.Token);
        await BegunAsync(image);
        Assert.False(calling.IsCompleted);
        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        fixture.Blobs = a => a;
    }

    private Task BegunAsync(PushedImage image) => Poll.UntilAsync(
        () => fixture.Fetches(image.Layer) > 0 && fixture.Content().Any(c => c.Contains("/ingest/", StringComparison.Ordinal)),
        30, () => "nothing of the layer is there yet");

    private async Task FailsAsync(string image, string reason, string text)
    {
        JsonObject error = await fixture.Client.SendAsync("POST", "/sandboxes", Body(image), 502);
        Assert.Equal("image_pull_failed", (string)error["code"]!);
        Assert.Equal($"image pull failed for \"{image}\": {text}{Advice}", (string)error["error"]!);
        Assert.Equal(reason, (string)error["details"]!["reason"]!);
        Assert.Equal(image, (string)error["details"]!["image"]!);
        Assert.False(error["details"]!.AsObject().ContainsKey("cause"));
    }

    private async Task<string[]> LeasesAsync()
    {
        using ContainerdClient containerd = new(new ContainerdOptions { SocketPath = Path.Combine(fixture.Daemon.StateDir, "containerd", "containerd.sock") });
        return [.. (await containerd.Leases.ListAsync()).Select(l => l.Id)];
    }

    private Task DeleteAsync(params JsonObject[] sandboxes) =>
        Task.WhenAll(sandboxes.Select(s => fixture.Client.DeleteAsync((string)s["sandbox_id"]!)));
}
