using Sleigh.Cli.Bench;

namespace Sleigh.Cli.Tests;

public sealed class BenchTests
{
    [Fact]
    public void Percentiles_are_values_that_were_measured()
    {
        var series = new Series("x");
        foreach (int value in Enumerable.Range(1, 30).Reverse())
        {
            series.Add(value);
        }

        Assert.Equal((1, 15, 29, 30), (series.Percentile(0), series.Percentile(0.5), series.Percentile(0.95), series.Percentile(1)));
        Assert.Equal(0, new Series("none").Percentile(0.5));
    }

    [Fact]
    public async Task Every_call_is_timed_as_often_as_asked_and_nothing_is_left()
    {
        await using var daemon = new FakeDaemon();

        CliRun run = await CliRun.OfAsync(["bench", "--rounds", "2", "--burst", "3", "-o", "json"], daemon.SocketPath);

        Assert.True(run.ExitCode == 0, run.Stderr);
        string[] names = [.. run.Json["items"]!.AsArray().Select(s => (string)s!["name"]!)];
        Assert.Equal(
            [
                BenchNames.CreateParked, BenchNames.Delete, BenchNames.Exec, BenchNames.ExecOutput, BenchNames.SnapshotSmall,
                BenchNames.SnapshotSmallPause, BenchNames.SnapshotSmallReported, BenchNames.Rollback, BenchNames.RollbackToExec, BenchNames.Fork,
                BenchNames.Burst(3),
            ],
            names);
        Assert.All(run.Json["items"]!.AsArray(), s => Assert.True((int?)s!["count"] >= 2 && s["p99_ms"] is not null));
        Assert.Equal(0, daemon.SandboxCount);
    }

    [Theory]
    [InlineData("--rounds", "0", "--rounds is 0, must be from 1 to 10000")]
    [InlineData("--burst", "1001", "--burst is 1001, must be from 0 to 1000")]
    public async Task Counts_have_bounds(string option, string value, string error)
    {
        CliRun run = await CliRun.OfAsync(["bench", option, value]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(error, run.Stderr, StringComparison.Ordinal);
    }
}
