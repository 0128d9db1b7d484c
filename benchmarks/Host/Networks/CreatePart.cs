using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>What <c>bridge</c> costs a create, above <c>none</c>.</summary>
internal sealed class CreatePart
{
    private const int WarmUp = 2;
    private const double MostAbove = 5;

    private readonly string _image;
    private readonly SlotFolders _folders;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;
    private readonly Dictionary<string, (int Count, TimeSpan Took)> _pace = [];

    public CreatePart(string image, SlotFolders folders, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_image, _folders, _results, _bounds, _progress) = (image, folders, results, bounds, progress);

    /// <summary>Both in turn by one daemon without parked containers: each is made for the caller, and a network namespace lies ready.</summary>
    public async Task ColdAsync(ApiCaller caller, int rounds, CancellationToken cancellationToken)
    {
        _progress("create, cold: bridge against none");

        // The network is made when the first sandbox asks for it.
        await caller.DeleteAsync((await TimeAsync(caller, JsonValue.Create("bridge"), cancellationToken)).Id, cancellationToken);
        for (int i = -WarmUp; i < rounds; i++)
        {
            foreach (string network in (string[])["none", "bridge"])
            {
                await _folders.SettleAsync(alive: 0, connected: false, connectedAlive: 0, cancellationToken);
                await RoundAsync(caller, Cold(network), JsonValue.Create(network), "cold", i >= 0, cancellationToken);
            }
        }
    }

    /// <summary>A block of creates by a daemon whose parked containers are of this network: each from a full pool, then some without a pause.</summary>
    public async Task ParkedAsync(ApiCaller caller, string network, int rounds, CancellationToken cancellationToken)
    {
        _progress($"create, from a parked container: {network}");
        bool connected = network == "bridge";
        for (int i = -WarmUp; i < rounds; i++)
        {
            await _folders.SettleAsync(alive: 0, connected, connectedAlive: 0, cancellationToken);
            await RoundAsync(caller, Parked(network), JsonValue.Create(network), "pool", i >= 0, cancellationToken);
            if (connected)
            {
                await _folders.SettleAsync(alive: 0, connected, connectedAlive: 0, cancellationToken);
                JsonObject policy = new() { ["mode"] = "restricted", ["allow"] = new JsonArray("203.0.113.0/24:443") };
                await RoundAsync(caller, $"{Parked(network)}, with a policy of its own", policy, "pool", i >= 0, cancellationToken);
            }
        }

        await _folders.SettleAsync(alive: 0, connected, connectedAlive: 0, cancellationToken);
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < rounds * 2; i++)
        {
            await RoundAsync(caller, OneAfterTheOther(network), JsonValue.Create(network), null, counts: true, cancellationToken);
        }

        (int count, TimeSpan took) = _pace.GetValueOrDefault(network);
        _pace[network] = (count + (rounds * 2), took + Stopwatch.GetElapsedTime(begun));
    }

    /// <summary>Holds the difference against its bound, after all blocks.</summary>
    public void Hold()
    {
        foreach (Func<string, string> series in (Func<string, string>[])[Parked, Cold])
        {
            _bounds.AtMost($"{series("bridge")}: p50 above none", "ms", Above(series, 0.5), MostAbove);
            _bounds.Note($"{series("bridge")}: p99 above none", "ms", Above(series, 0.99));
        }

        foreach ((string network, (int count, TimeSpan took)) in _pace)
        {
            _bounds.Note($"{OneAfterTheOther(network)}: creates and deletes", "a second", count / took.TotalSeconds);
        }

        _bounds.Note($"{OneAfterTheOther("bridge")}: p50 above none", "ms", Above(OneAfterTheOther, 0.5));
    }

    private static string Cold(string network) => $"create with {network}, cold";

    private static string Parked(string network) => $"create with {network}, from a parked container";

    private static string OneAfterTheOther(string network) => $"create with {network}, as fast as the pool is refilled";

    private double Above(Func<string, string> series, double share) =>
        _results.Of(series("bridge"), Bounds.Ours).Percentile(share) - _results.Of(series("none"), Bounds.Ours).Percentile(share);

    private async Task RoundAsync(
        ApiCaller caller, string series, JsonNode network, string? source, bool counts, CancellationToken cancellationToken)
    {
        (string id, double ms, string? from) = await TimeAsync(caller, network, cancellationToken);
        await caller.DeleteAsync(id, cancellationToken);
        if (source is not null && from != source)
        {
            throw new CliException(ExitCode.Failure, $"{series}: {id} came from '{from}', not from '{source}'");
        }

        if (counts)
        {
            _results.Of(series, Bounds.Ours).Add(ms);
        }
    }

    private async Task<(string Id, double Ms, string? Source)> TimeAsync(ApiCaller caller, JsonNode network, CancellationToken cancellationToken)
    {
        JsonObject body = new() { ["image"] = _image, ["network"] = network };
        long begun = Stopwatch.GetTimestamp();
        JsonObject made = await caller.CallAsync(HttpMethod.Post, "/sandboxes", body, cancellationToken);
        return (made.Text("sandbox_id") ?? "", Stopwatch.GetElapsedTime(begun).TotalMilliseconds, made.Text("source"));
    }
}
