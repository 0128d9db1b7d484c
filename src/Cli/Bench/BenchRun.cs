namespace Sleigh.Cli.Bench;

/// <summary>
/// Times the calls an agent makes, as it sees them. With several subjects each round is done by one after the other (A B A B ...), so that
/// what else happens on the machine meets all of them.
/// </summary>
internal sealed partial class BenchRun
{
    private const int MaxFailures = 3;
    private static readonly string[] True = ["/bin/true"];

    private readonly IReadOnlyList<IBenchSubject> _subjects;
    private readonly TimeProvider _time;
    private readonly BenchOptions _options;
    private readonly Action<string> _progress;

    public BenchRun(
        IReadOnlyList<IBenchSubject> subjects, TimeProvider time, BenchOptions options, Action<string> progress, BenchResults? results = null)
    {
        Results = results ?? new BenchResults();
        _subjects = subjects;
        _time = time;
        _options = options;
        _progress = progress;
    }

    /// <summary>What has been measured.</summary>
    public BenchResults Results { get; }

    /// <summary>Create from a parked container, delete, and the clean-up behind it.</summary>
    public Task CreateAndDeleteAsync(CancellationToken cancellationToken) =>
        RoundsAsync("create", _options.Rounds, async (subject, lap) =>
        {
            await subject.SettleAsync(cancellationToken);
            string id = await CreateAsync(subject, lap, BenchNames.CreateParked, cold: false, cancellationToken);
            // What is deleted has been used and holds a file, which also shows where it lies.
            await subject.ExecAsync(id, ["/bin/sh", "-c", $": > /root/{id}"], cancellationToken);
            Func<bool>? isGone = await subject.WatchAsync(id, cancellationToken);
            long start = lap.Start();
            await lap.TimeAsync(BenchNames.Delete, () => subject.DeleteAsync(id, cancellationToken));
            if (isGone is not null)
            {
                await WaitUntilGoneAsync(id, isGone, cancellationToken);
                lap.Add(BenchNames.DeleteGone, lap.Since(start));
            }
        }, cancellationToken);

    /// <summary>Create without a parked container. Creates without a pause drain a pool, so some more may be made than are counted.</summary>
    public async Task CreateColdAsync(CancellationToken cancellationToken)
    {
        Dictionary<IBenchSubject, List<string>> made = _subjects.ToDictionary(s => s, _ => new List<string>());
        await RoundsAsync("create, cold", _options.Rounds * 4, async (subject, lap) =>
        {
            if (Results.Find(BenchNames.CreateCold, subject.Name)?.Count >= _options.Rounds)
            {
                return;
            }

            made[subject].Add(await CreateAsync(subject, lap, BenchNames.CreateCold, cold: true, cancellationToken));
            if (made[subject].Count == 8)
            {
                await DeleteAllAsync(subject, made[subject], cancellationToken);
            }
        }, cancellationToken);
        foreach (IBenchSubject subject in _subjects)
        {
            await DeleteAllAsync(subject, made[subject], cancellationToken);
        }
    }

    /// <summary>Commands in a sandbox that is there.</summary>
    public Task ExecAsync(CancellationToken cancellationToken) =>
        WithSandboxAsync(memoryMb: null, async made =>
        {
            await RoundsAsync("exec", _options.Rounds, (subject, lap) =>
                lap.TimeAsync(BenchNames.Exec, () => subject.ExecAsync(made[subject], True, cancellationToken)), cancellationToken);
            await RoundsAsync("exec, 1 MB", _options.Rounds, async (subject, lap) =>
            {
                string[] argv = ["/bin/sh", "-c", "head -c 1000000 /dev/zero"];
                long bytes = await lap.TimeAsync(BenchNames.ExecOutput, () => subject.ExecForOutputAsync(made[subject], argv, cancellationToken));
                if (bytes != 1_000_000)
                {
                    throw new CliException(ExitCode.Failure, $"of 1000000 bytes of output {bytes} were received");
                }
            }, cancellationToken);
        }, cancellationToken);

    /// <summary>Many sandboxes at once, each with its first command.</summary>
    public Task BurstAsync(CancellationToken cancellationToken) => _options.Burst == 0
        ? Task.CompletedTask
        : RoundsAsync("burst", _options.BurstRounds, async (subject, lap) =>
        {
            await subject.SettleAsync(cancellationToken);
            var made = new List<string>();
            using var gate = new SemaphoreSlim(_options.Parallel);
            await lap.TimeAsync(BenchNames.Burst(_options.Burst), async () =>
            {
                Task[] all = [.. Enumerable.Range(0, _options.Burst).Select(_ => OneAsync())];
                await Task.WhenAll(all);
            });
            await DeleteAllAsync(subject, made, cancellationToken);

            async Task OneAsync()
            {
                await gate.WaitAsync(cancellationToken);
                try
                {
                    string id = (await subject.CreateAsync(null, cancellationToken)).Id;
                    lock (made)
                    {
                        made.Add(id);
                    }

                    await subject.ExecAsync(id, True, cancellationToken);
                }
                finally
                {
                    gate.Release();
                }
            }
        }, cancellationToken, warmUp: 0);

    private static async Task<string> CreateAsync(IBenchSubject subject, Lap lap, string series, bool cold, CancellationToken cancellationToken)
    {
        long start = lap.Start();
        BenchSandbox made = await subject.CreateAsync(null, cancellationToken);
        lap.Add(series, made.IsCold is { } isCold && isCold != cold ? null : lap.Since(start));
        return made.Id;
    }

    private async Task RoundsAsync(
        string part, int rounds, Func<IBenchSubject, Lap, Task> round, CancellationToken cancellationToken, int? warmUp = null)
    {
        _progress(part);
        Dictionary<IBenchSubject, int> failed = _subjects.ToDictionary(s => s, _ => 0);
        for (int i = -(warmUp ?? _options.WarmUp); i < rounds; i++)
        {
            foreach (IBenchSubject subject in _subjects.Where(s => failed[s] < MaxFailures))
            {
                try
                {
                    await round(subject, new Lap(Results, _time, subject.Name, counts: i >= 0));
                }
                catch (CliException ex)
                {
                    failed[subject]++;
                    Results.Fail(part, subject.Name, ex.Message);
                }
            }
        }
    }

    // A sandbox for each subject, deleted at the end whatever happens.
    private async Task WithSandboxAsync(
        int? memoryMb, Func<Dictionary<IBenchSubject, string>, Task> work, CancellationToken cancellationToken)
    {
        Dictionary<IBenchSubject, string> made = [];
        try
        {
            foreach (IBenchSubject subject in _subjects)
            {
                made[subject] = (await subject.CreateAsync(memoryMb, cancellationToken)).Id;
            }

            await work(made);
        }
        finally
        {
            foreach ((IBenchSubject subject, string id) in made)
            {
                await subject.DeleteAsync(id, CancellationToken.None);
            }
        }
    }

    // Not by more than a few at a time: this is no part of what is measured.
    private static async Task DeleteAllAsync(IBenchSubject subject, List<string> made, CancellationToken cancellationToken)
    {
        foreach (string[] some in made.Chunk(8))
        {
            await Task.WhenAll(some.Select(id => subject.DeleteAsync(id, cancellationToken)));
        }

        made.Clear();
    }

    private async Task WaitUntilGoneAsync(string id, Func<bool> isGone, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (!isGone())
        {
            if (_time.GetElapsedTime(start) > TimeSpan.FromSeconds(30))
            {
                throw new CliException(ExitCode.Failure, $"30 s after {id} was deleted something of it is still there");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), _time, cancellationToken);
        }
    }
}
