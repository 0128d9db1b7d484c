namespace Sleigh.Cli.Bench;

internal sealed partial class BenchRun
{
    /// <summary>Snapshot, rollback and fork of a sandbox in which a megabyte changes each round.</summary>
    public Task SnapshotsAsync(CancellationToken cancellationToken) =>
        WithSandboxAsync(memoryMb: null, made => RoundsAsync("snapshot, rollback, fork", _options.Rounds, async (subject, lap) =>
        {
            string id = made[subject];
            await subject.ExecAsync(id, ["/bin/sh", "-c", "head -c 1000000 /dev/urandom > /root/data && sync"], cancellationToken);
            BenchSnapshot snapshot = await lap.TimeAsync(BenchNames.SnapshotSmall, () => subject.SnapshotAsync(id, cancellationToken));
            lap.Add(BenchNames.SnapshotSmallPause, snapshot.PauseMs);
            lap.Add(BenchNames.SnapshotSmallReported, snapshot.TotalMs);

            await subject.SettleAsync(cancellationToken);
            long start = lap.Start();
            id = made[subject] = await lap.TimeAsync(BenchNames.Rollback, () => subject.RollbackAsync(id, snapshot.Id, cancellationToken));
            await subject.ExecAsync(id, True, cancellationToken);
            lap.Add(BenchNames.RollbackToExec, lap.Since(start));

            await subject.SettleAsync(cancellationToken);
            string fork = await lap.TimeAsync(BenchNames.Fork, () => subject.ForkAsync(id, cancellationToken));
            await subject.DeleteAsync(fork, cancellationToken);
        }, cancellationToken), cancellationToken);

    /// <summary>
    /// Snapshot of a large tree that has been written out: what changed since the last one is a small file.
    /// </summary>
    /// <param name="rounds">How often.</param>
    /// <param name="roundsOfOthers">How often by every subject but the first: seconds each, where the time grows with the tree.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task LargeSnapshotsAsync(int rounds, int roundsOfOthers, CancellationToken cancellationToken) =>
        WithSandboxAsync(memoryMb: 2048, async made =>
        {
            _progress("making a tree of 500 MB in 20,000 files");
            foreach (IBenchSubject subject in _subjects)
            {
                await subject.ExecAsync(made[subject], MakeTree(files: 20_000, bytes: 500_000_000), cancellationToken);
            }

            await RoundsAsync("snapshot of 500 MB in 20,000 files", rounds, async (subject, lap) =>
            {
                if (subject != _subjects[0] && Results.Find(BenchNames.SnapshotLarge, subject.Name)?.Count >= roundsOfOthers)
                {
                    return;
                }

                string id = made[subject];
                await subject.ExecAsync(id, ["/bin/sh", "-c", "date +%N > /root/changed && sync"], cancellationToken);
                BenchSnapshot snapshot = await lap.TimeAsync(BenchNames.SnapshotLarge, () => subject.SnapshotAsync(id, cancellationToken));
                lap.Add(BenchNames.SnapshotLargePause, snapshot.PauseMs);
                lap.Add(BenchNames.SnapshotLargeReported, snapshot.TotalMs);
                await subject.DropSnapshotAsync(id, snapshot.Id, cancellationToken);
            }, cancellationToken, warmUp: Math.Min(1, _options.WarmUp));
        }, cancellationToken);

    /// <summary>The command that makes a tree of files of one size, a hundred to a folder, with bytes that do not repeat.</summary>
    internal static string[] MakeTree(int files, long bytes)
    {
        long size = Math.Max(1, bytes / files);
        return
        [
            "/bin/sh", "-ec",
            $"mkdir -p /root/tree; cd /root/tree; n=0; while [ $n -lt {(files + 99) / 100} ]; do mkdir $n; "
                + $"head -c {size * 100} /dev/urandom | (cd $n && split -b {size} -a 3 -d - f); n=$((n+1)); done; sync",
        ];
    }
}
