using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Parts;

/// <summary>How Sleigh's times grow: with the number of idle sandboxes, and with the size of a sandbox's tree.</summary>
internal sealed class ScalePart
{
    private static readonly int[] Counts = [1, 10, 100, 300];
    private static readonly (int Files, long Bytes)[] Trees = [(1_000, 10_000_000), (10_000, 100_000_000), (100_000, 1_000_000_000)];
    private static readonly string[] True = ["/bin/true"];

    private readonly IBenchSubject _subject;
    private readonly int _rounds;
    private readonly Action<string> _progress;

    public ScalePart(IBenchSubject subject, int rounds, Action<string> progress) => (_subject, _rounds, _progress) = (subject, rounds, progress);

    /// <summary>What was measured; the names begin with where.</summary>
    public BenchResults Results { get; } = new();

    /// <summary>Create, exec and snapshot among idle sandboxes.</summary>
    public async Task SandboxesAsync(int most, CancellationToken cancellationToken)
    {
        var idle = new List<string>();
        foreach (int count in Counts.Where(c => c <= most))
        {
            string where = $"{count} idle sandbox{(count == 1 ? "" : "es")}";
            _progress(where);
            while (idle.Count < count)
            {
                idle.Add((await _subject.CreateAsync(null, cancellationToken)).Id);
            }

            await RoundsAsync(where, async lap =>
            {
                await _subject.SettleAsync(cancellationToken);
                string id = (await lap.TimeAsync($"{where}: create", () => _subject.CreateAsync(null, cancellationToken))).Id;
                await _subject.ExecAsync(id, ["/bin/sh", "-c", "echo x > /root/x && sync"], cancellationToken);
                await lap.TimeAsync($"{where}: exec", () => _subject.ExecAsync(id, True, cancellationToken));
                await lap.TimeAsync($"{where}: snapshot", () => _subject.SnapshotAsync(id, cancellationToken));
                await lap.TimeAsync($"{where}: delete", () => _subject.DeleteAsync(id, cancellationToken));
            });
        }

        foreach (string[] some in idle.Chunk(8))
        {
            await Task.WhenAll(some.Select(id => _subject.DeleteAsync(id, cancellationToken)));
        }
    }

    /// <summary>Snapshot, differences, rollback and fork of trees that are written out.</summary>
    public async Task TreesAsync(int mostFiles, CancellationToken cancellationToken)
    {
        foreach ((int files, long bytes) in Trees.Where(t => t.Files <= mostFiles))
        {
            string where = $"{files} files, {bytes / 1_000_000} MB";
            _progress(where);
            string id = (await _subject.CreateAsync(2048, cancellationToken)).Id;
            await _subject.ExecAsync(id, BenchRun.MakeTree(files, bytes), cancellationToken);
            await RoundsAsync(where, async lap =>
            {
                await _subject.ExecAsync(id, ["/bin/sh", "-c", "date +%N > /root/changed && sync"], cancellationToken);
                BenchSnapshot snapshot = await lap.TimeAsync($"{where}: snapshot", () => _subject.SnapshotAsync(id, cancellationToken));
                await DiffsAsync(where, lap, id, snapshot.Id, cancellationToken);
                await _subject.SettleAsync(cancellationToken);
                long start = lap.Start();
                id = await _subject.RollbackAsync(id, snapshot.Id, cancellationToken);
                await _subject.ExecAsync(id, True, cancellationToken);
                lap.Add($"{where}: rollback to the first command's end", lap.Since(start));
                await _subject.SettleAsync(cancellationToken);
                string fork = await lap.TimeAsync($"{where}: fork", () => _subject.ForkAsync(id, cancellationToken));
                await _subject.DeleteAsync(fork, cancellationToken);
            });
            await _subject.DeleteAsync(id, cancellationToken);
        }
    }

    // The rollback behind it takes the files away again.
    private async Task DiffsAsync(string where, Lap lap, string id, string snapshot, CancellationToken cancellationToken)
    {
        if (_subject is not SleighSubject sleigh)
        {
            return;
        }

        foreach (int changed in (int[])[1, 1000])
        {
            await _subject.ExecAsync(
                id, ["/bin/sh", "-c", $"mkdir -p /root/new; i=0; while [ $i -lt {changed} ]; do echo x > /root/new/$i; i=$((i+1)); done; sync"], cancellationToken);
            await lap.TimeAsync($"{where}: diff of {changed} changed", () => sleigh.DiffAsync(id, snapshot, cancellationToken));
        }
    }

    private async Task RoundsAsync(string where, Func<Lap, Task> round)
    {
        for (int i = -1; i < _rounds; i++)
        {
            try
            {
                await round(new Lap(Results, TimeProvider.System, _subject.Name, counts: i >= 0));
            }
            catch (CliException ex)
            {
                Results.Fail(where, _subject.Name, ex.Message);
            }
        }
    }
}
