using System.Globalization;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Snapshots;

/// <summary>What snapshots, rollbacks and forks of a large tree take, how that grows, and whether hundreds of them still work.</summary>
internal sealed class SnapshotPart
{
    private const int WarmUp = 2;
    private const int ForkRounds = 5;
    private const double MostPause = 10;
    private const double MostSnapshot = 25;
    private const double MostReady = 150;
    private const double MostForks = 3000;
    private const double MostGrowth = 2;
    private const string Touch = "date +%N > /root/changed";

    private static readonly int[] Sizes = [10, 100, 500, 2000];

    private readonly SnapshotCaller _caller;
    private readonly SnapshotSizes _sizes;
    private readonly Func<CancellationToken, Task> _settle;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;

    /// <param name="caller">A session.</param>
    /// <param name="sizes">How much of everything.</param>
    /// <param name="settle">Waits until containers are parked again.</param>
    /// <param name="results">Gets the times.</param>
    /// <param name="bounds">What some of them are held to.</param>
    /// <param name="progress">Is told each part.</param>
    public SnapshotPart(
        SnapshotCaller caller, SnapshotSizes sizes, Func<CancellationToken, Task> settle, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_caller, _sizes, _settle, _results, _bounds, _progress) = (caller, sizes, settle, results, bounds, progress);

    /// <summary>The tree the bounds are for: written out, and with a fifth of it written and not yet on disk. Beside it what Docker has for it.</summary>
    public async Task BoundedAsync(IBenchSubject? docker, CancellationToken cancellationToken)
    {
        string tree = $"{_sizes.Files} files, {_sizes.Megabytes} MB";
        _progress(tree);
        string id = await _caller.WithTreeAsync(_sizes.Files, _sizes.Megabytes, cancellationToken);
        string? container = docker is null ? null : await DockerTreeAsync(docker, cancellationToken);
        for (int i = -WarmUp; i < _sizes.Rounds; i++)
        {
            await RoundAsync(id, tree, i >= 0, cancellationToken);
            if (docker is not null && container is not null && i >= 0 && i < _sizes.DockerRounds)
            {
                await CommitAsync(docker, container, tree, cancellationToken);
            }
        }

        await DirtyAsync(id, tree, cancellationToken);
        await ForksAsync(id, tree, cancellationToken);
        await _caller.DeleteAsync([id], cancellationToken);
        if (docker is not null && container is not null)
        {
            await docker.DeleteAsync(container, cancellationToken);
        }

        _bounds.Percentile($"snapshot of {tree}: pause as reported", 0.5, MostPause);
        _bounds.Percentile($"snapshot of {tree}", 0.5, MostSnapshot);
        _bounds.Percentile($"rollback to {tree}, to the first command's end", 0.5, MostReady);
        _bounds.Percentile($"fork of {tree}, to the first command's end", 0.5, MostReady);
        _bounds.Percentile($"{_sizes.AtOnce} forks of {tree}, to the last one's first command's end", 0.5, MostForks);
    }

    /// <summary>The same calls for trees of growing size: the time of the slowest size stands to that of the quickest within a bound.</summary>
    public async Task GrowthAsync(CancellationToken cancellationToken)
    {
        List<(string Tree, string Id)> made = [];
        foreach (int megabytes in Sizes.Where(size => size <= _sizes.LargestMegabytes))
        {
            // Files as large as those of the tree with the bounds.
            string tree = string.Create(CultureInfo.InvariantCulture, $"a tree of {megabytes} MB");
            _progress($"making {tree}");
            int files = Math.Max(1, (int)((long)_sizes.Files * megabytes / _sizes.Megabytes));
            made.Add((tree, await _caller.WithTreeAsync(files, megabytes, cancellationToken)));
        }

        // In turn, so that what else happens on the machine meets every size.
        _progress($"{made.Count} sizes in turn");
        for (int i = -WarmUp; i < _sizes.Rounds; i++)
        {
            foreach ((string tree, string id) in made)
            {
                await RoundAsync(id, tree, i >= 0, cancellationToken);
            }
        }

        await _caller.DeleteAsync(made.Select(m => m.Id), cancellationToken);
        foreach (Func<string, string> series in (Func<string, string>[])
        [
            tree => $"snapshot of {tree}", tree => $"rollback to {tree}, to the first command's end", tree => $"fork of {tree}, to the first command's end",
            tree => $"diff of one file in {tree}",
        ])
        {
            double[] p50 = [.. made.Select(m => _results.Of(series(m.Tree), Bounds.Ours).Percentile(0.5))];
            _bounds.AtMost($"{series("any size")}: p50, slowest to quickest", "x", p50.Max() / p50.Min(), MostGrowth);
        }
    }

    /// <summary>Each snapshot of what was restored from the one before it.</summary>
    public async Task DeepAsync(CancellationToken cancellationToken)
    {
        _progress($"{_sizes.Deep} snapshots deep");
        string id = await _caller.WithTreeAsync(100, 1, cancellationToken);
        string snapshots = $"{_sizes.Deep} deep: snapshot";
        string rollbacks = $"{_sizes.Deep} deep: rollback, to the first command's end";
        List<double> snapshotTimes = [];
        List<double> rollbackTimes = [];
        for (int i = 1; i <= _sizes.Deep; i++)
        {
            await _caller.WriteAsync(id, string.Create(CultureInfo.InvariantCulture, $"echo {i} >> /root/depth"), cancellationToken);
            (BenchSnapshot snapshot, double ms) = await _caller.SnapshotAsync(id, cancellationToken);
            snapshotTimes.Add(ms);
            await _settle(cancellationToken);
            rollbackTimes.Add(await _caller.RollbackAsync(id, snapshot.Id, cancellationToken));
        }

        await _caller.RunAsync(
            id, ["/bin/sh", "-ec", string.Create(CultureInfo.InvariantCulture, $"[ $(cat /root/depth | wc -l) = {_sizes.Deep} ]")], cancellationToken);
        await _caller.DeleteAsync([id], cancellationToken);
        ShowTenths(snapshots, snapshotTimes);
        ShowTenths(rollbacks, rollbackTimes);
    }

    /// <summary>Forks of one snapshot, one after the other, all alive until the last one.</summary>
    public async Task WideAsync(CancellationToken cancellationToken)
    {
        _progress($"{_sizes.Wide} forks wide");
        string id = await _caller.WithTreeAsync(100, 1, cancellationToken);
        (BenchSnapshot snapshot, _) = await _caller.SnapshotAsync(id, cancellationToken);
        List<string> alive = [id];
        List<double> times = [];
        for (int i = 1; i <= _sizes.Wide; i++)
        {
            await _settle(cancellationToken);
            (string[] forks, double ms) = await _caller.ForkAsync(id, snapshot.Id, 1, cancellationToken);
            alive.AddRange(forks);
            times.Add(ms);
        }

        // Each is of its own: what one wrote is in no other.
        await Task.WhenAll(alive.Select(fork => _caller.RunAsync(fork, ["/bin/sh", "-ec", $"[ ! -e /root/mine ]; echo {fork} > /root/mine"], cancellationToken)));
        foreach (string fork in alive)
        {
            await _caller.RunAsync(fork, ["/bin/sh", "-ec", $"[ $(cat /root/mine) = {fork} ]"], cancellationToken);
        }

        await _caller.DeleteAsync(alive, cancellationToken);
        ShowTenths($"{_sizes.Wide} wide: fork, to the first command's end", times);
    }

    private async Task RoundAsync(string id, string tree, bool counts, CancellationToken cancellationToken)
    {
        var lap = new Lap(_results, TimeProvider.System, Bounds.Ours, counts);
        await _caller.WriteAsync(id, Touch, cancellationToken);
        (BenchSnapshot snapshot, double ms) = await _caller.SnapshotAsync(id, cancellationToken);
        lap.Add($"snapshot of {tree}", ms);
        lap.Add($"snapshot of {tree}: pause as reported", snapshot.PauseMs);
        lap.Add($"snapshot of {tree}: total as reported", snapshot.TotalMs);
        await _settle(cancellationToken);
        lap.Add($"rollback to {tree}, to the first command's end", await _caller.RollbackAsync(id, snapshot.Id, cancellationToken));
        await _caller.WriteAsync(id, Touch, cancellationToken);
        lap.Add($"diff of one file in {tree}", await _caller.DiffAsync(id, snapshot.Id, cancellationToken));
        await _settle(cancellationToken);
        (string[] forks, ms) = await _caller.ForkAsync(id, snapshot.Id, 1, cancellationToken);
        lap.Add($"fork of {tree}, to the first command's end", ms);
        await _caller.DeleteAsync(forks, cancellationToken);
    }

    private async Task DirtyAsync(string id, string tree, CancellationToken cancellationToken)
    {
        int megabytes = Math.Max(1, _sizes.Megabytes / 5);
        string series = $"snapshot of {tree}, {megabytes} MB of it not on disk yet";
        _progress(series);
        for (int i = -1; i < Math.Min(ForkRounds, _sizes.Rounds); i++)
        {
            var lap = new Lap(_results, TimeProvider.System, Bounds.Ours, i >= 0);
            await _caller.RunAsync(id, ["/bin/sh", "-ec", $"head -c {megabytes * 1_000_000L} /dev/urandom > /root/dirty"], cancellationToken);
            (BenchSnapshot snapshot, double ms) = await _caller.SnapshotAsync(id, cancellationToken);
            lap.Add(series, ms);
            lap.Add($"{series}: pause as reported", snapshot.PauseMs);
            lap.Add($"{series}: total as reported", snapshot.TotalMs);
            await _caller.DropAsync(id, snapshot.Id, cancellationToken);
        }

        await _caller.WriteAsync(id, "rm /root/dirty", cancellationToken);
    }

    private async Task ForksAsync(string id, string tree, CancellationToken cancellationToken)
    {
        string series = $"{_sizes.AtOnce} forks of {tree}, to the last one's first command's end";
        _progress(series);
        (BenchSnapshot snapshot, _) = await _caller.SnapshotAsync(id, cancellationToken);
        for (int i = -1; i < Math.Min(ForkRounds, _sizes.Rounds); i++)
        {
            await _settle(cancellationToken);
            (string[] forks, double ms) = await _caller.ForkAsync(id, snapshot.Id, _sizes.AtOnce, cancellationToken);
            new Lap(_results, TimeProvider.System, Bounds.Ours, i >= 0).Add(series, ms);
            await _caller.DeleteAsync(forks, cancellationToken);
        }
    }

    private async Task<string?> DockerTreeAsync(IBenchSubject docker, CancellationToken cancellationToken)
    {
        try
        {
            string container = (await docker.CreateAsync(null, cancellationToken)).Id;
            await docker.ExecAsync(container, BenchRun.MakeTree(_sizes.Files, _sizes.Megabytes * 1_000_000L), cancellationToken);
            return container;
        }
        catch (CliException ex)
        {
            _results.Fail("the tree", docker.Name, ex.Message);
            return null;
        }
    }

    // In the round of ours, so that what else happens on the machine meets both.
    private async Task CommitAsync(IBenchSubject docker, string container, string tree, CancellationToken cancellationToken)
    {
        try
        {
            var lap = new Lap(_results, TimeProvider.System, docker.Name, counts: true);
            await docker.ExecAsync(container, ["/bin/sh", "-c", $"{Touch} && sync"], cancellationToken);
            BenchSnapshot image = await lap.TimeAsync($"snapshot of {tree}", () => docker.SnapshotAsync(container, cancellationToken));
            await docker.DropSnapshotAsync(container, image.Id, cancellationToken);
        }
        catch (CliException ex)
        {
            _results.Fail("commit", docker.Name, ex.Message);
        }
    }

    private void ShowTenths(string series, List<double> times)
    {
        times.ForEach(_results.Of(series, Bounds.Ours).Add);
        Tenths tenths = Tenths.Of(times);
        _bounds.Note($"{series}: p50 of the first {tenths.Count}", "ms", tenths.First);
        _bounds.Note($"{series}: p50 of the last {tenths.Count}", "ms", tenths.Last);
        _bounds.Note($"{series}: last to first", "x", tenths.Ratio);
    }
}
