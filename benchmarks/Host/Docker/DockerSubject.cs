using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Docker;

/// <summary>The nearest that Docker Engine has to each of Sleigh's calls. docs/performance.md lists them.</summary>
internal sealed class DockerSubject : IHostSubject
{
    private const int MemoryMb = 256;

    private readonly DockerClient _client;
    private readonly string _image;
    private readonly string _home;
    private readonly ConcurrentDictionary<string, bool> _containers = [];
    private readonly ConcurrentBag<string> _images = [];

    /// <param name="client">A dockerd.</param>
    /// <param name="image">The image of the containers.</param>
    /// <param name="home">Under which dockerd and its containerd keep everything.</param>
    public DockerSubject(DockerClient client, string image, string home) => (_client, _image, _home) = (client, image, home);

    public string Name => "docker";

    // Docker does nothing ahead of demand, and has cleaned up when it answers.
    public Task SettleAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<BenchSandbox> CreateAsync(int? memoryMb, CancellationToken cancellationToken) =>
        new(await StartAsync(_image, memoryMb ?? MemoryMb, cancellationToken), null);

    public async Task ExecAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken) =>
        await ExecForOutputAsync(id, argv, cancellationToken);

    public async Task<long> ExecForOutputAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        JsonObject request = new() { ["Cmd"] = JsonFields.Array(argv), ["AttachStdout"] = true, ["AttachStderr"] = true };
        string exec = Id(await _client.CallAsync("POST", $"/containers/{id}/exec", request, cancellationToken));
        await using var output = new AttachedOutput();
        await _client.SendAsync("POST", $"/exec/{exec}/start", new JsonObject { ["Detach"] = false, ["Tty"] = false }, cancellationToken, output);
        JsonObject ended = await _client.CallAsync("GET", $"/exec/{exec}/json", null, cancellationToken);
        return ended.Number("ExitCode") == 0 && ended.Flag("Running") == false
            ? output.StdoutBytes
            : throw new CliException(ExitCode.Failure, $"'{string.Join(' ', argv)}' in {id} ended with {ended.Show("ExitCode")}, running {ended.Show("Running")}");
    }

    public async Task<BenchSnapshot> SnapshotAsync(string id, CancellationToken cancellationToken)
    {
        string image = Id(await _client.CallAsync("POST", $"/commit?container={id}&pause=1", [], cancellationToken));
        _images.Add(image);
        return new BenchSnapshot(image, null, null);
    }

    public async Task<string> RollbackAsync(string id, string snapshot, CancellationToken cancellationToken)
    {
        await DeleteAsync(id, cancellationToken);
        return await StartAsync(snapshot, MemoryMb, cancellationToken);
    }

    public async Task<string> ForkAsync(string id, CancellationToken cancellationToken) =>
        await StartAsync((await SnapshotAsync(id, cancellationToken)).Id, MemoryMb, cancellationToken);

    public async Task DropSnapshotAsync(string id, string snapshot, CancellationToken cancellationToken) =>
        await _client.SendAsync("DELETE", $"/images/{snapshot}?force=1", null, cancellationToken);

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await _client.SendAsync("DELETE", $"/containers/{id}?force=1&v=1", null, cancellationToken);
        _containers.TryRemove(id, out _);
    }

    public async Task<Func<bool>?> WatchAsync(string id, CancellationToken cancellationToken)
    {
        JsonObject container = await _client.CallAsync("GET", $"/containers/{id}/json", null, cancellationToken);
        string merged = container.Object("GraphDriver").Object("Data").Text("MergedDir")
            ?? throw new CliException(ExitCode.Failure, $"Docker does not say where the files of {id} lie");
        string layer = Path.GetDirectoryName(merged)!;
        string record = Path.Combine(_home, "data", "containers", id);
        int[] processes = [.. await ProcessesAsync(id, cancellationToken)];
        return () => !Directory.Exists(layer) && !Directory.Exists(record) && !processes.Any(ProcessTable.IsAlive);
    }

    public async Task<IReadOnlyList<int>> ProcessesAsync(string id, CancellationToken cancellationToken)
    {
        JsonObject container = await _client.CallAsync("GET", $"/containers/{id}/json", null, cancellationToken);
        int init = (int)(container.Object("State").Number("Pid") ?? 0);
        return [init, .. ProcessTable.WithArgument(id)];
    }

    public async Task CleanUpAsync()
    {
        foreach (string id in _containers.Keys)
        {
            await DeleteAsync(id, CancellationToken.None);
        }

        // Newest first: an image that another one stands on stays.
        foreach (string image in _images.Distinct())
        {
            try
            {
                await DropSnapshotAsync("", image, CancellationToken.None);
            }
            catch (CliException)
            {
                // Dropped by its own round, or by one that stood on it; the whole data root is removed at the end anyway.
            }
        }

        _images.Clear();
    }

    private async Task<string> StartAsync(string image, int memoryMb, CancellationToken cancellationToken)
    {
        JsonObject request = new()
        {
            ["Image"] = image,
            ["Cmd"] = JsonFields.Array(["sleep", "infinity"]),
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none", ["Memory"] = memoryMb * 1048576L },
        };
        string id = Id(await _client.CallAsync("POST", "/containers/create", request, cancellationToken));
        _containers[id] = true;
        await _client.SendAsync("POST", $"/containers/{id}/start", null, cancellationToken);
        return id;
    }

    private static string Id(JsonObject answer) =>
        answer.Text("Id") ?? throw new CliException(ExitCode.Failure, $"Docker's answer has no Id: {answer.ToJsonString()}");
}
