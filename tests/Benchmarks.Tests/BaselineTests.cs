using Sleigh.Benchmarks.Host.Report;
using Sleigh.Cli;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class BaselineTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"sleigh-baseline-{Guid.NewGuid():n}.json");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(0.10, "same")]
    [InlineData(0.124, "same")]
    [InlineData(0.081, "same")]
    [InlineData(0.126, "worse")]
    [InlineData(0.079, "better")]
    public void A_quarter_more_or_less_is_the_same(double now, string verdict) =>
        Assert.Equal(verdict, Comparison.Of("exec", 0.10, now, 0.25).Verdict);

    [Fact]
    public void What_was_not_measured_is_said_to_be_so()
    {
        Baseline baseline = new("abc", "2026-01-01", new Dictionary<string, double> { ["exec"] = 0.1, ["fork"] = 0.2 });

        Comparison[] all = [.. baseline.Compare(new Dictionary<string, double> { ["fork"] = 0.2, ["new"] = 3 }, 0.25)];

        Assert.Equal([new("exec", 0.1, null, "not measured"), new("fork", 0.2, 0.2, "same")], all);
    }

    [Fact]
    public void What_was_written_is_read()
    {
        new Baseline("abc", "2026-01-01", new Dictionary<string, double> { ["exec"] = 0.05123, ["fork"] = 2 }).Write(_file);

        Baseline read = Baseline.Read(_file);

        Assert.Equal(("abc", "2026-01-01"), (read.Commit, read.Time));
        Assert.Equal(new Dictionary<string, double> { ["exec"] = 0.0512, ["fork"] = 2 }, read.Ratios);
        Assert.False(File.Exists(_file + ".new"));
    }

    [Theory]
    [InlineData("{", "cannot read the baseline")]
    [InlineData("{}", "is no baseline: it has no object 'ratios'")]
    [InlineData("""{"ratios":{"exec":"1"}}""", "the ratio of 'exec' is \"1\", must be a number above 0")]
    [InlineData("""{"ratios":{"exec":0}}""", "the ratio of 'exec' is 0, must be a number above 0")]
    [InlineData("""{"ratios":{"exec":null}}""", "the ratio of 'exec' is null, must be a number above 0")]
    public void A_wrong_file_is_refused(string text, string error)
    {
        File.WriteAllText(_file, text);

        Assert.Contains(error, Assert.Throws<CliException>(() => Baseline.Read(_file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.StartsWith($"cannot read the baseline {_file}: ", Assert.Throws<CliException>(() => Baseline.Read(_file)).Message, StringComparison.Ordinal);
}
