using Sleigh.Benchmarks.MemorySimulation.Model;

namespace Sleigh.Benchmarks.MemorySimulation.Tests;

/// <summary>What the product promises of growth, on the traces of the table.</summary>
public sealed class TraceTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData("burst")]
    [InlineData("sawtooth")]
    [InlineData("spike")]
    [InlineData("agents")]
    public void Bursts_from_256_MB_kill_nobody_and_a_fixed_limit_of_256_MB_is_killed_in_the_same_ones(string name)
    {
        SimulationResult growing = Run(name);
        SimulationResult fixedOnes = Run(name, new SimulationOptions { StaticMb = 256 });

        Assert.Equal((0, growing.Trace.Workloads.Count), (growing.Kills, growing.Done));
        Assert.Equal((fixedOnes.Trace.Workloads.Count, 0), (fixedOnes.Kills, fixedOnes.Done));
    }

    [Theory]
    [InlineData("burst", 10)]
    [InlineData("sawtooth", 50)]
    [InlineData("spike", 50)]
    [InlineData("agents", 300)]
    public void Bursts_are_hardly_held_up(string name, long milliseconds) => Assert.InRange(Run(name).MostThrottled, 0, milliseconds * 1000);

    [Theory]
    [InlineData("burst")]
    [InlineData("sawtooth")]
    [InlineData("spike")]
    public void A_daemon_that_is_slow_to_write_kills_nobody(string name)
    {
        foreach (int delay in (int[])[0, 1, 50, 250, 1000])
        {
            SimulationResult result = Run(name, new SimulationOptions { Delay = TimeSpan.FromMilliseconds(delay) });
            Assert.Equal((delay, 0, 1), (delay, result.Kills, result.Done));
        }
    }

    [Fact]
    public void A_slow_daemon_holds_the_spike_up()
    {
        long quick = Run("spike", new SimulationOptions { Delay = TimeSpan.FromMilliseconds(1) }).Throttled;
        long slow = Run("spike", new SimulationOptions { Delay = TimeSpan.FromMilliseconds(500) }).Throttled;

        Assert.True(slow > quick + 400_000, $"{quick} and {slow} us");
    }

    [Fact]
    public void A_minute_after_a_burst_the_brake_is_where_it_began()
    {
        Trace trace = Find("burst") with { Seconds = 10 + 7 + 60 };
        SimulationResult result = new Simulation(trace, new SimulationOptions()).Run();

        Assert.Equal([256 * MiB], result.BrakesAtEnd);
        Assert.Equal([185 * MiB], result.UsedAtEnd);
    }

    [Theory]
    [InlineData("idle")]
    [InlineData("files")]
    public void An_idle_sandbox_and_one_that_reads_files_never_grow(string name)
    {
        SimulationResult result = Run(name);

        Assert.Equal((0, 0, 1), (result.Growths, result.Kills, result.Done));
        Assert.Equal([256 * MiB], result.BrakesAtEnd);
    }

    [Fact]
    public void A_leak_ends_at_its_ceiling_and_takes_no_byte_more()
    {
        SimulationResult result = Run("leak");

        Assert.Equal((1, 0), (result.Kills, result.Done));
        Assert.InRange(result.UsedPeak, 2047 * MiB, 2048 * MiB);
        Assert.Equal(2048 * MiB, result.PromisedPeak);
    }

    [Fact]
    public void Fifty_agents_live_where_sixteen_fixed_limits_of_4_GB_would_fill_the_host()
    {
        SimulationResult result = Run("agents");
        long length = result.Trace.Seconds * 1_000_000L;
        double mean = result.Trace.Workloads.Average(w => w.Demand.Mean(length));
        long peak = result.Trace.Workloads.Max(w => w.Demand.Peak);

        Assert.Equal(16, result.Trace.HostMb / 4096);
        Assert.True(peak >= 15 * mean, $"peak {peak / MiB} MB, mean {mean / MiB:F0} MB");
        Assert.InRange(result.PromisedPeak, 0, result.Trace.HostMb * MiB * 9 / 10);
        Assert.True(result.AvailableLeast >= result.Trace.HostMb * MiB / 10, $"{result.AvailableLeast / MiB} MB");
    }

    [Fact]
    public void Agents_live_on_what_is_taken_back_from_those_whose_command_has_ended()
    {
        SimulationResult late = Run("agents", new SimulationOptions { IdleAfter = TimeSpan.FromHours(1) });

        Assert.True(late.Throttled > 100 * Run("agents").Throttled);
    }

    [Fact]
    public void On_a_host_with_room_for_one_burst_the_other_waits_braked_and_then_finishes()
    {
        SimulationResult result = Run("small-host");

        Assert.Equal((0, 2), (result.Kills, result.Done));
        Assert.InRange(result.DoneAt[0]!.Value, 32_100_000, 32_300_000);
        // The second wants 1.5 GB from 11 s on; it has its memory once the first is done.
        Assert.InRange(result.DoneAt[1]!.Value, 37_000_000, 42_000_000);
        Assert.InRange(result.Refusals, 1, 4);
    }

    [Fact]
    public void The_same_run_gives_the_same_bytes()
    {
        foreach (string name in (string[])["agents", "small-host", "sawtooth"])
        {
            Assert.Equal(Steps(name), Steps(name));
        }
    }

    [Fact]
    public void It_is_more_than_a_thousand_times_faster_than_what_it_shows()
    {
        double best = Enumerable.Range(0, 5).Max(_ =>
        {
            long begin = System.Diagnostics.Stopwatch.GetTimestamp();
            SimulationResult result = Run("sawtooth");
            return result.Trace.Seconds / System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalSeconds;
        });

        Assert.True(best > 1000, $"{best:F0} times");
    }

    private static string Steps(string name)
    {
        using StringWriter text = new();
        using Report.StepFile file = new(text);
        new Simulation(Find(name), new SimulationOptions(), file.Add).Run();
        string steps = text.ToString();
        Assert.True(steps.Length > 10_000, "it would be equal if nothing were written");
        return steps;
    }

    private static SimulationResult Run(string name, SimulationOptions? options = null) => new Simulation(Find(name), options ?? new SimulationOptions()).Run();

    private static Trace Find(string name) => Traces.All.Single(trace => trace.Name == name);
}
