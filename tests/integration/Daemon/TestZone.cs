using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Folders of the host that a daemon offers for mounting and copying, put in force by a reload.</summary>
public sealed class TestZone : IAsyncDisposable
{
    private readonly DaemonFixture _fixture;
    private readonly TestDirectory _directory = new();

    private TestZone(DaemonFixture fixture) => _fixture = fixture;

    public string Mounts => _directory["mounts"];

    public string Environments => _directory["environments"];

    public string Outside => _directory["outside"];

    public static async Task<TestZone> OpenAsync(DaemonFixture fixture, string rwPaths = "[]")
    {
        TestZone zone = new(fixture);
        Shell.Bash($"mkdir -p {zone.Mounts}/data {zone.Mounts}/rw {zone.Environments}/env/bin {zone.Outside}; echo text > {zone.Mounts}/data/file; echo secret > {zone.Outside}/file");
        await zone.SetAsync("mounts.root", zone.Mounts);
        await zone.SetAsync("mounts.rw_paths", rwPaths);
        await zone.SetAsync("environments.root", zone.Environments);
        return zone;
    }

    public async Task SetAsync(string key, string? value)
    {
        if (value is null)
        {
            _fixture.Daemon.Unset(key);
        }
        else
        {
            _fixture.Daemon.Set(key, value);
        }

        using DaemonClient administrator = DaemonClient.Administrator(_fixture.Daemon);
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
    }

    public async Task<JsonObject> MountAsync(string sandbox, string path, string at, string mode = "ro") =>
        await _fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox}/mounts", Body(path, at, mode), 201);

    public async Task<string> RefusedAsync(string sandbox, string path, string at, string mode = "ro")
    {
        (int status, JsonObject reply) = await _fixture.Client.CallAsync("POST", $"/sandboxes/{sandbox}/mounts", Body(path, at, mode));
        return $"{status} {reply["code"]}: {reply["error"]}";
    }

    public Task UnmountAsync(string sandbox, string mount) => _fixture.Client.SendAsync("DELETE", $"/sandboxes/{sandbox}/mounts/{mount}", null, 204);

    public async Task<JsonArray> ListAsync(string sandbox) =>
        (await _fixture.Client.SendAsync("GET", $"/sandboxes/{sandbox}/mounts", null, 200))["items"]!.AsArray();

    public async ValueTask DisposeAsync()
    {
        foreach (string key in (string[])["mounts.root", "mounts.rw_paths", "environments.root"])
        {
            _fixture.Daemon.Unset(key);
        }

        if (_fixture.Daemon.IsAlive)
        {
            using DaemonClient administrator = DaemonClient.Administrator(_fixture.Daemon);
            await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        }

        _directory.Dispose();
    }

    private static JsonObject Body(string path, string at, string mode) =>
        new() { ["workspace_path"] = path, ["container_path"] = at, ["mode"] = mode };
}
