using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class RoundsTests
{
    private static readonly BenchOptions Options = new(Rounds: 3, WarmUp: 1, Burst: 5, BurstRounds: 2, Parallel: 2);

    private static BenchRun Run(params IBenchSubject[] subjects) => new(subjects, TimeProvider.System, Options, _ => { });

    [Fact]
    public async Task Systems_take_turns_and_the_warm_up_is_not_counted()
    {
        var calls = new List<string>();
        BenchRun run = Run(new PaperSubject("a", calls), new PaperSubject("b", calls));

        await run.CreateAndDeleteAsync(default);

        Assert.Equal(string.Concat(Enumerable.Repeat("a create a delete b create b delete ", 4)).TrimEnd(), string.Join(' ', calls));
        Assert.Equal(3, run.Results.Of(BenchNames.CreateParked, "a").Count);
        Assert.Equal(3, run.Results.Of(BenchNames.DeleteGone, "b").Count);
    }

    [Fact]
    public async Task A_create_that_was_cold_counts_as_cold_only()
    {
        BenchRun run = Run(new PaperSubject("a", []) { IsCold = true });

        await run.CreateAndDeleteAsync(default);
        await run.CreateColdAsync(default);

        Assert.Null(run.Results.Find(BenchNames.CreateParked, "a"));
        Assert.Equal(3, run.Results.Of(BenchNames.CreateCold, "a").Count);
    }

    [Fact]
    public async Task A_burst_keeps_to_its_bound_and_deletes_what_it_made()
    {
        var subject = new PaperSubject("a", []);
        BenchRun run = Run(subject);

        await run.BurstAsync(default);

        Assert.Equal((2, 0, 10), (subject.MostAtOnce, subject.Alive, subject.Made));
        Assert.Equal(2, run.Results.Of(BenchNames.Burst(5), "a").Count);
    }

    [Fact]
    public async Task Output_that_is_cut_off_is_a_failure_and_three_of_them_end_the_part()
    {
        BenchRun run = Run(new PaperSubject("a", []) { Output = 999_999 });

        await run.ExecAsync(default);

        Assert.Equal(3, run.Results.Failures.Count);
        Assert.Equal("exec, 1 MB, a: of 1000000 bytes of output 999999 were received", run.Results.Failures[0]);
        Assert.Equal(3, run.Results.Of(BenchNames.Exec, "a").Count);
    }

    [Fact]
    public async Task A_rollback_may_give_another_id_which_is_used_from_then_on()
    {
        var subject = new PaperSubject("a", []);
        BenchRun run = Run(subject);

        await run.SnapshotsAsync(default);

        Assert.Empty(run.Results.Failures);
        Assert.Equal(0, subject.Alive);
    }

    /// <summary>Answers at once; a call with an id that is not alive is a failure.</summary>
    private sealed class PaperSubject(string name, List<string> calls) : IBenchSubject
    {
        private readonly HashSet<string> _alive = [];
        private int _atOnce;

        public string Name => name;

        public bool? IsCold { get; init; }

        public long Output { get; init; } = 1_000_000;

        public int MostAtOnce { get; private set; }

        public int Made { get; private set; }

        public int Alive => _alive.Count;

        public Task SettleAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task<BenchSandbox> CreateAsync(int? memoryMb, CancellationToken cancellationToken)
        {
            calls.Add($"{name} create");
            lock (_alive)
            {
                MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
            }

            await Task.Delay(5, cancellationToken);
            return new BenchSandbox(Add(), IsCold);
        }

        public Task ExecAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken)
        {
            lock (_alive)
            {
                _atOnce--;
                return _alive.Contains(id) ? Task.CompletedTask : throw Gone(id);
            }
        }

        public Task<long> ExecForOutputAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken) => Task.FromResult(Output);

        public Task<BenchSnapshot> SnapshotAsync(string id, CancellationToken cancellationToken) => Task.FromResult(new BenchSnapshot("s", 1, 2));

        public async Task<string> RollbackAsync(string id, string snapshot, CancellationToken cancellationToken)
        {
            await DeleteAsync(id, cancellationToken);
            return Add();
        }

        public Task<string> ForkAsync(string id, CancellationToken cancellationToken) => Task.FromResult(Add());

        public Task DropSnapshotAsync(string id, string snapshot, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task DeleteAsync(string id, CancellationToken cancellationToken)
        {
            calls.Add($"{name} delete");
            lock (_alive)
            {
                return _alive.Remove(id) ? Task.CompletedTask : throw Gone(id);
            }
        }

        public Task<Func<bool>?> WatchAsync(string id, CancellationToken cancellationToken) => Task.FromResult<Func<bool>?>(() => !_alive.Contains(id));

        public Task CleanUpAsync() => Task.CompletedTask;

        private string Add()
        {
            lock (_alive)
            {
                string id = $"{name}{++Made}";
                _alive.Add(id);
                return id;
            }
        }

        private static CliException Gone(string id) => new(ExitCode.Failure, $"{id} is not there");
    }
}
