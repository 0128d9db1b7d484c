using System.Net;
using Sleigh.Benchmarks.Host.Daemon;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>
/// Creates with and without a network, rules that cut connections, and neighbours under attack. What parked containers are connected to is a setting of the whole
/// daemon, so the daemon is started anew for each block of creates.
/// </summary>
internal sealed class NetworkBench
{
    private const int Blocks = 3;

    // What lies ready is taken by one create at a time.
    private const int ReadyNamespaces = 4;

    private readonly SleighHost _host;
    private readonly IPEndPoint _address;
    private readonly BenchWorld _world;
    private readonly string _image;
    private readonly NetworkSizes _sizes;
    private readonly SlotFolders _folders;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;

    /// <param name="host">Not running; its <see cref="SleighHost.Listen"/> is set.</param>
    /// <param name="world">Where packets go.</param>
    /// <param name="paths">Image and folders.</param>
    /// <param name="sizes">How much of everything.</param>
    /// <param name="results">Gets the times.</param>
    /// <param name="bounds">What some of them are held to.</param>
    /// <param name="progress">Is told each part.</param>
    public NetworkBench(
        SleighHost host, BenchWorld world, BenchPaths paths, NetworkSizes sizes, BenchResults results, Bounds bounds, Action<string> progress)
    {
        (_host, _address, _world, _image, _sizes, _results, _bounds, _progress) = (host, host.Listen!, world, paths.Image, sizes, results, bounds, progress);
        _folders = new SlotFolders(host, paths.StateDir, ReadyNamespaces);
        host.Variables["SLEIGH_NETWORK_UPLINK_NAMESPACE"] = world.Host;
        host.Variables["SLEIGH_NETWORK_POOL_SIZE"] = $"{ReadyNamespaces}";
    }

    /// <summary>What this host cannot give.</summary>
    public IReadOnlyList<string> Skipped { get; private set; } = [];

    /// <summary>All of it.</summary>
    public async Task MeasureAsync(CancellationToken cancellationToken)
    {
        var creates = new CreatePart(_image, _folders, _results, _bounds, _progress);
        await WithDaemonAsync("none", pool: false, caller => creates.ColdAsync(caller, _sizes.Rounds, cancellationToken), cancellationToken);
        for (int block = 0; block < Blocks; block++)
        {
            int rounds = (_sizes.Rounds * (block + 1) / Blocks) - (_sizes.Rounds * block / Blocks);
            foreach (string network in (string[])["none", "bridge"])
            {
                await WithDaemonAsync(network, pool: true, caller => creates.ParkedAsync(caller, network, rounds, cancellationToken), cancellationToken);
            }
        }

        creates.Hold();
        await WithDaemonAsync("bridge", pool: true, async caller =>
        {
            await new CutPart(caller, _world, _image, _results, _bounds, _progress).MeasureAsync(_sizes.Tries, cancellationToken);
            var neighbours = new NeighbourPart(caller, _image, _folders, _results, _bounds, _progress);
            await neighbours.MeasureAsync(_sizes.Execs, cancellationToken);
            Skipped = neighbours.Skipped;
        }, cancellationToken);
    }

    private async Task WithDaemonAsync(string network, bool pool, Func<ApiCaller, Task> work, CancellationToken cancellationToken)
    {
        _host.Variables["SLEIGH_SANDBOX_NETWORK"] = network;
        await _host.StartAsync(pool, cancellationToken);
        using ApiCaller caller = await ApiCaller.OpenAsync(new Uri($"http://{_address}"), cancellationToken);
        try
        {
            await work(caller);
        }
        finally
        {
            await caller.EndAsync();
        }

        await _host.StopAsync();
    }
}
