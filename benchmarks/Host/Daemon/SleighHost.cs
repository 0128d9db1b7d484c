using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Daemon;

/// <summary>A private sleighd. scripts/bench.sh has made its configuration and image, and clears up what a crash of this program leaves.</summary>
internal sealed class SleighHost : IBenchHost
{
    private readonly BenchPaths _paths;
    private ServerProcess? _daemon;
    private SleighClient? _client;

    public SleighHost(BenchPaths paths) => _paths = paths;

    public string Name => "sleigh";

    /// <summary>Where the API is served besides the socket; null: where the configuration says.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Variables for the next start, such as <c>SLEIGH_SANDBOX_NETWORK</c>.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    public int DaemonPid => _daemon?.Id ?? 0;

    public int ContainerdPid => ProcessTable.WithArgument(Path.Combine(_paths.DataDir, "containerd", "config.toml")) is [var pid, ..] ? pid : 0;

    public async Task<TimeSpan> StartAsync(bool pool, CancellationToken cancellationToken)
    {
        Dictionary<string, string> environment = new(Variables);

        // Docker's containers have no network either.
        environment.TryAdd("SLEIGH_SANDBOX_NETWORK", "none");
        if (!pool)
        {
            environment["SLEIGH_POOL_SIZE"] = "0";
        }

        if (Listen is { } listen)
        {
            environment["SLEIGH_HTTP_LISTEN"] = listen.ToString();
        }

        var command = new ServerCommand(_paths.DaemonLog, [_paths.Sleighd, "--config", _paths.Config], environment);
        _daemon = await ServerProcess.StartAsync(command, _paths.Socket, "/readyz", cancellationToken);
        _client = new SleighClient(_paths.Socket);
        return _daemon.ReadyAfter;
    }

    public async Task StopAsync()
    {
        _client?.Dispose();
        if (_daemon is { } daemon)
        {
            _daemon = null;
            await daemon.StopAsync();
        }
    }

    /// <summary>Containers that are parked, and how many there are to be.</summary>
    public async Task<(long Parked, long Target)> PoolAsync(CancellationToken cancellationToken)
    {
        JsonObject status = await Client.GetAsync("/admin/status", cancellationToken);
        return (status.Number("parked_slots") ?? 0, status.Number("parked_slots_target") ?? 0);
    }

    /// <summary>Ends sandboxes and network, and the containerd: with the variables, since they say where the network is.</summary>
    /// <param name="results">Told where it fails.</param>
    public async Task StopAllAsync(BenchResults results)
    {
        await StopAsync();
        var start = new ProcessStartInfo(_paths.Sleighd, ["stop-all", "--config", _paths.Config]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in Variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            results.Fail("stop-all", Name, $"sleighd stop-all ended with {process.ExitCode}: {errors.Trim()} {await said}");
        }
    }

    // sleighd stop-all, by scripts/bench.sh, ends the containerd.
    public async ValueTask DisposeAsync() => await StopAsync();

    public async Task<IHostSubject> OpenAsync(CancellationToken cancellationToken) =>
        await SleighHostSubject.OpenAsync(Client, _paths, cancellationToken);

    public async Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(CancellationToken cancellationToken)
    {
        JsonObject status = await Client.GetAsync("/admin/status", cancellationToken);
        return
        [
            ("sleighd", status.Text("version") ?? "?"),
            ("containerd", status.Text("containerd_version") ?? "?"),
            ("sleigh: storage", status.Text("storage_driver") ?? "?"),
            ("sleigh: parked containers", status.Show("parked_slots_target") ?? "?"),
        ];
    }

    private SleighClient Client => _client ?? throw new InvalidOperationException("sleighd is not running");
}
