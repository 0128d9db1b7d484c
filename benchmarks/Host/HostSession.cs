using Sleigh.Benchmarks.Host.Daemon;
using Sleigh.Benchmarks.Host.Docker;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Benchmarks.Host.Report;
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

    private async Task<BenchReport> MeasureAsync(List<IBenchHost> hosts, CancellationToken cancellationToken)
    {
        var results = new BenchResults();
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

        return Report(results, memory.Figures);
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
