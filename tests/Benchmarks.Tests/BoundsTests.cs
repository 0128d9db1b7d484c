using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class BoundsTests
{
    private readonly BenchResults _results = new();
    private readonly Bounds _bounds;

    public BoundsTests() => _bounds = new Bounds(_results);

    [Fact]
    public void A_figure_stands_beside_its_bound_and_fails_the_run_only_above_it()
    {
        _bounds.AtMost("growth", "MiB", 20, 20);
        Assert.Empty(_results.Failures);

        _bounds.AtMost("growth", "MiB", 20.1, 20);

        Assert.Equal(["growth (at most 20)", "growth (at most 20)"], _bounds.Figures.Select(f => f.Name));
        Assert.Equal(["growth, sleigh: 20.1 MiB, where 20 is the most"], _results.Failures);
    }

    [Fact]
    public void A_percentile_is_held_against_its_bound_and_a_series_without_values_against_none()
    {
        for (int i = 1; i <= 100; i++)
        {
            _results.Of("exec", Bounds.Ours).Add(i);
        }

        _bounds.Percentile("exec", 0.5, 50);
        _bounds.Percentile("exec", 0.99, 20);
        _bounds.Percentile("never", 0.5, 0);

        Assert.Equal(["exec: p50 (at most 50) 50", "exec: p99 (at most 20) 99"], _bounds.Figures.Select(f => $"{f.Name} {f.Value}"));
        Assert.Equal(["exec: p99, sleigh: 99.0 ms, where 20 is the most"], _results.Failures);
    }
}
