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

        CliRun run = await CliRun.OfAsync(["bench", "--rounds", "2", "-o", "json"], daemon.SocketPath);

        Assert.True(run.ExitCode == 0, run.Stderr);
        Assert.Equal(9, run.Json["items"]!.AsArray().Count);
        Assert.All(run.Json["items"]!.AsArray(), s => Assert.True((string?)s!["name"] == "create, cold" || (int?)s["count"] >= 2));
        Assert.Equal(0, daemon.SandboxCount);
    }
}
