using System.Net;
using System.Net.Sockets;
using Sleigh.Benchmarks.Host.Daemon;
using Sleigh.Benchmarks.Host.Docker;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Benchmarks.Host.Networks;
using Sleigh.Benchmarks.Host.Notifications;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Benchmarks.Host.Report;
using Sleigh.Benchmarks.Host.Snapshots;
using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host;

/// <summary>One run: starts the daemons, goes through the parts, ends the daemons.</summary>
internal sealed class HostSession
{
    private readonly HostArguments _arguments;
    private readonly List<(string Name, string Value)> _settings = [];
    private string _withoutDocker;

    public HostSession(HostArguments arguments)
    {
        _arguments = arguments;
        _withoutDocker = arguments.Paths.WithoutDocker;
    }

    /// <summary>Both systems, in turn.</summary>
    public async Task<BenchReport> MeasureAsync(CancellationToken cancellationToken)
    {
        List<IBenchHost> hosts = [new SleighHost(_arguments.Paths)];
        try
        {
            await hosts[0].StartAsync(pool: true, cancellationToken);
            if (_withoutDocker.Length == 0 && await StartDockerAsync(cancellationToken) is { } docker)
            {
                hosts.Add(docker);
            }

            await DescribeAsync(hosts, cancellationToken);
            return await MeasureAsync(hosts, cancellationToken);
        }
        finally
        {
            foreach (IBenchHost host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    /// <summary>Sleigh alone, with more and more sandboxes, and with larger and larger trees.</summary>
    public async Task<BenchReport> ScaleAsync(CancellationToken cancellationToken)
    {
        await using var host = new SleighHost(_arguments.Paths);
        await host.StartAsync(pool: true, cancellationToken);
        _withoutDocker = "the growth is looked at for Sleigh alone";
        await DescribeAsync([host], cancellationToken);
        IHostSubject subject = await host.OpenAsync(cancellationToken);
        try
        {
            var part = new ScalePart(subject, _arguments.Bench.Rounds, Progress);
            await part.SandboxesAsync(_arguments.ScaleSandboxes, cancellationToken);
            await part.TreesAsync(_arguments.ScaleFiles, cancellationToken);
            return Report(part.Results, []);
        }
        finally
        {
            await subject.CleanUpAsync();
        }
    }

    /// <summary>The way from the kernel's notification to the written limit; no daemon is started.</summary>
    public async Task<BenchReport> SignalsAsync(CancellationToken cancellationToken)
    {
        _withoutDocker = "it has nothing of the kind";
        await DescribeAsync([], cancellationToken);
        var results = new BenchResults();
        var notifications = new NotificationPart(results, Progress);
        await notifications.MeasureAsync(Math.Max(1, _arguments.Notifications), cancellationToken);
        return Report(results, notifications.Figures);
    }

    /// <summary>Commands and lists over TCP, and the daemon's memory, against their bounds.</summary>
    public async Task<BenchReport> HttpAsync(CancellationToken cancellationToken)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        await using var host = new SleighHost(_arguments.Paths) { Listen = address };
        await host.StartAsync(pool: true, cancellationToken);
        _withoutDocker = "the bounds are Sleigh's own";
        await DescribeAsync([host], cancellationToken);
        var results = new BenchResults();
        var bounds = new Bounds(results);
        using ApiCaller caller = await ApiCaller.OpenAsync(new Uri($"http://{address}"), cancellationToken);
        var growth = new DaemonGrowth(caller, host.DaemonPid, results, bounds, Progress);
        try
        {
            var part = new HttpPart(caller, _arguments.Paths.Image, results, bounds, Progress);
            await part.ExecsAsync(_arguments.HttpExecs, cancellationToken);
            await part.AtOnceAsync(cancellationToken);
            if (_arguments.HttpSoak > 0)
            {
                await growth.OverExecsAsync(part.Sandboxes[0], _arguments.HttpSoak, cancellationToken);
            }

            if (_arguments.HttpOutput > 0)
            {
                await growth.OverOutputAsync(part.Sandboxes[0], _arguments.HttpOutput, cancellationToken);
            }

            await part.HistoryAsync(cancellationToken);
            await part.SandboxesAsync(_arguments.HttpSandboxes, cancellationToken);
        }
        catch (CliException ex)
        {
            results.Fail("over TCP", Bounds.Ours, ex.Message);
        }
        finally
        {
            await caller.EndAsync();
        }

        return Report(results, [.. bounds.Figures, .. growth.Figures]);
    }

    /// <summary>Snapshots, rollbacks and forks of large trees over TCP, against their bounds; Docker commits the same tree.</summary>
    public async Task<BenchReport> SnapshotsAsync(CancellationToken cancellationToken)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        List<IBenchHost> hosts = [new SleighHost(_arguments.Paths) { Listen = address }];
        try
        {
            await hosts[0].StartAsync(pool: true, cancellationToken);
            if (_withoutDocker.Length == 0 && await StartDockerAsync(cancellationToken) is { } docker)
            {
                hosts.Add(docker);
            }

            await DescribeAsync(hosts, cancellationToken);
            return await SnapshotsAsync(address, await OpenAsync(hosts, cancellationToken), cancellationToken);
        }
        finally
        {
            foreach (IBenchHost host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    /// <summary>What a network costs a create, how soon a rule cuts a connection, and what neighbours feel of attacks, against their bounds.</summary>
    public async Task<BenchReport> NetworkAsync(CancellationToken cancellationToken)
    {
        _withoutDocker = "the bounds are Sleigh's own";
        var results = new BenchResults();
        var bounds = new Bounds(results);
        await using BenchWorld world = await BenchWorld.MakeAsync(Path.Combine(_arguments.Paths.StateDir, "world"), cancellationToken);
        await using var host = new SleighHost(_arguments.Paths) { Listen = new IPEndPoint(IPAddress.Loopback, FreePort()) };
        var bench = new NetworkBench(host, world, _arguments.Paths, _arguments.NetworkSizes, results, bounds, Progress);
        try
        {
            await host.StartAsync(pool: true, cancellationToken);
            await DescribeAsync([host], cancellationToken);
            await host.StopAsync();
            await bench.MeasureAsync(cancellationToken);
        }
        catch (CliException ex)
        {
            results.Fail("network", Bounds.Ours, ex.Message);
        }
        finally
        {
            // Before the world is gone: what the daemon has in it goes with the sandboxes.
            await host.StopAllAsync(results);
        }

        return Report(results, bounds.Figures) with { Skipped = bench.Skipped };
    }

    private async Task<BenchReport> SnapshotsAsync(
        IPEndPoint address, List<(IBenchHost Host, IHostSubject Subject)> sides, CancellationToken cancellationToken)
    {
        var results = new BenchResults();
        var bounds = new Bounds(results);
        using ApiCaller caller = await ApiCaller.OpenAsync(new Uri($"http://{address}"), cancellationToken);
        SnapshotSizes sizes = _arguments.SnapshotSizes;
        try
        {
            var part = new SnapshotPart(
                new SnapshotCaller(caller, _arguments.Paths.Image), sizes, sides[0].Subject.SettleAsync, results, bounds, Progress);
            await part.BoundedAsync(sides.Count > 1 ? sides[1].Subject : null, cancellationToken);
            await part.GrowthAsync(cancellationToken);
            if (sizes.Deep > 0)
            {
                await part.DeepAsync(cancellationToken);
            }

            if (sizes.Wide > 0)
            {
                await part.WideAsync(cancellationToken);
            }
        }
        catch (CliException ex)
        {
            results.Fail("snapshots", Bounds.Ours, ex.Message);
        }
        finally
        {
            await caller.EndAsync();
            await CleanUpAsync(sides);
        }

        return Report(results, bounds.Figures);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<BenchReport> MeasureAsync(List<IBenchHost> hosts, CancellationToken cancellationToken)
    {
        var results = new BenchResults();
        var notifications = new NotificationPart(results, Progress);
        if (_arguments.Notifications > 0)
        {
            await notifications.MeasureAsync(_arguments.Notifications, cancellationToken);
        }

        Progress("ready");
        await ReadyPart.MeasureAsync(hosts, _arguments.Bench.Rounds, results, cancellationToken);

        List<(IBenchHost Host, IHostSubject Subject)> sides = await OpenAsync(hosts, cancellationToken);
        var memory = new MemoryPart(sides, results);
        try
        {
            foreach ((_, IHostSubject subject) in sides)
            {
                await subject.SettleAsync(cancellationToken);
            }

            memory.Daemons("idle");
            BenchRun run = Run(sides, results);
            await run.CreateAndDeleteAsync(cancellationToken);
            await run.ExecAsync(cancellationToken);
            await run.SnapshotsAsync(cancellationToken);
            await run.LargeSnapshotsAsync(_arguments.Bench.Rounds, _arguments.DockerLargeRounds, cancellationToken);
            await run.BurstAsync(cancellationToken);
            Progress("memory");
            await memory.SandboxesAsync(_arguments.Sandboxes, cancellationToken);
            if (_arguments.SoakExecs > 0)
            {
                Progress("soak");
                await memory.SoakAsync(_arguments.SoakExecs, cancellationToken);
                memory.Daemons("at the end");
            }
        }
        finally
        {
            await CleanUpAsync(sides);
        }

        // Without a pool, every create is a cold one.
        await hosts[0].StopAsync();
        await hosts[0].StartAsync(pool: false, cancellationToken);
        sides = await OpenAsync(hosts, cancellationToken);
        try
        {
            await Run(sides, results).CreateColdAsync(cancellationToken);
        }
        finally
        {
            await CleanUpAsync(sides);
        }

        return Report(results, [.. memory.Figures, .. notifications.Figures]);
    }

    private async Task<DockerHost?> StartDockerAsync(CancellationToken cancellationToken)
    {
        var docker = new DockerHost(_arguments.Paths);
        try
        {
            await docker.StartAsync(pool: true, cancellationToken);
            return docker;
        }
        catch (CliException ex)
        {
            _withoutDocker = ex.Message;
            await docker.DisposeAsync();
            return null;
        }
    }

    private BenchRun Run(List<(IBenchHost Host, IHostSubject Subject)> sides, BenchResults results) =>
        new([.. sides.Select(s => s.Subject)], TimeProvider.System, _arguments.Bench, Progress, results);

    private static async Task<List<(IBenchHost Host, IHostSubject Subject)>> OpenAsync(
        List<IBenchHost> hosts, CancellationToken cancellationToken)
    {
        List<(IBenchHost, IHostSubject)> sides = [];
        foreach (IBenchHost host in hosts)
        {
            sides.Add((host, await host.OpenAsync(cancellationToken)));
        }

        return sides;
    }

    private static async Task CleanUpAsync(List<(IBenchHost Host, IHostSubject Subject)> sides)
    {
        foreach ((_, IHostSubject subject) in sides)
        {
            await subject.CleanUpAsync();
        }
    }

    private async Task DescribeAsync(List<IBenchHost> hosts, CancellationToken cancellationToken)
    {
        _settings.AddRange(Machine.Describe(_arguments.Paths));
        foreach (IBenchHost host in hosts)
        {
            _settings.AddRange(await host.DescribeAsync(cancellationToken));
        }

        BenchOptions bench = _arguments.Bench;
        _settings.Add(("rounds", $"{bench.Rounds} after {bench.WarmUp} to warm up; burst of {bench.Burst}, {bench.Parallel} under way, {bench.BurstRounds} times"));
        if (!_arguments.IsJson)
        {
            Console.Write(BenchReport.SettingsText(_settings));
        }
    }

    private BenchReport Report(BenchResults results, IReadOnlyList<Figure> figures) =>
        new([.. _settings, ("load at the end", Machine.Load())], results, figures, _withoutDocker);

    private static void Progress(string part) => Console.Error.WriteLine($"measuring: {part}");
}
