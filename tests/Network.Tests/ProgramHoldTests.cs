using Microsoft.Extensions.Logging;

namespace Sleigh.Network.Tests;

public sealed class ProgramHoldTests : IDisposable
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-hold-").FullName;
    private readonly Said _said = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_later_run_waits_for_what_a_program_has_started_and_removes_what_it_held()
    {
        using ProgramHold first = await BeginAsync(TimeProvider.System);
        Assert.Equal(0, await ShellAsync(first, $"(sleep 1; touch {_folder}.done) < /dev/null > /dev/null 2>&1 &"));

        using ProgramHold second = await BeginAsync(TimeProvider.System);

        Assert.True(File.Exists(_folder + ".done"));
        File.Delete(_folder + ".done");
        Assert.Single(Directory.GetDirectories(_folder));
        Assert.Empty(_said.Lines);
    }

    [Fact]
    public async Task Once_a_later_run_has_begun_an_earlier_one_starts_no_program()
    {
        using ProgramHold first = await BeginAsync(TimeProvider.System);
        Assert.Equal(7, await ShellAsync(first, "exit 7"));
        string run = Assert.Single(Directory.GetDirectories(_folder));
        using ProgramHold second = await BeginAsync(TimeProvider.System);

        Assert.Equal(66, await ShellAsync(first, "exit 7"));

        Assert.False(Path.Exists(run));
        Assert.Equal(7, await ShellAsync(second, "exit 7"));
    }

    [Fact]
    public async Task A_program_that_does_not_end_is_named_after_thirty_seconds_and_the_next_run_waits_for_it_again()
    {
        using CancellationTokenSource end = new();
        using ProgramHold first = await BeginAsync(TimeProvider.System);
        Task<int> stuck = ShellAsync(first, $"touch {_folder}.begun; exec sleep 1000", end.Token);
        while (!File.Exists(_folder + ".begun"))
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        File.Delete(_folder + ".begun");
        using (await BeginAsync(new HastyTime()))
        {
        }

        Assert.Matches(
            @"^A program that an earlier daemon has started to change the network has not ended within 30 s: process \d+ \((sh|sleep)\); what it still does may be undone at the next start only$",
            Assert.Single(_said.Lines));
        Assert.Equal(2, Directory.GetDirectories(_folder).Length);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
        using ProgramHold last = await BeginAsync(TimeProvider.System);
        Assert.Single(Directory.GetDirectories(_folder));
        Assert.Single(_said.Lines);
    }

    private static async Task<int> ShellAsync(ProgramHold hold, string command, CancellationToken cancellationToken = default) =>
        (await ProgramRun.RunAsync(hold.Before, "/bin/sh", ["-c", command], "", None, TimeSpan.FromSeconds(60), cancellationToken)).Status;

    private async Task<ProgramHold> BeginAsync(TimeProvider time)
    {
        ProgramHold hold = new(_folder, time, _said);
        await hold.BeginAsync(TestContext.Current.CancellationToken);
        return hold;
    }

    /// <summary>A clock on which ten seconds pass from look to look.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now += TimeSpan.TicksPerSecond * 10;
    }

    private sealed class Said : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
