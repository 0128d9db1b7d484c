using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Report;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class ReportTests
{
    private static BenchReport Report(string withoutDocker = "")
    {
        var results = new BenchResults();
        for (int i = 1; i <= 10; i++)
        {
            results.Of("exec", "sleigh").Add(i);
            results.Of("pause", "sleigh").Add(0.5);
        }

        results.Of("exec", "docker").Add(200);
        results.Of("never", "docker");
        results.Fail("fork", "docker", "it broke");
        return new BenchReport(
            [("cores", "2"), ("kernel", "6.1\u001b[31m")],
            results,
            [new("daemon", "MiB", "sleigh", 30.04), new("daemon", "MiB", "docker", 120)],
            withoutDocker);
    }

    [Fact]
    public void The_table_has_both_systems_in_a_line() => Assert.Equal(
        """
        WHAT, MS   N   P50   P95   P99  DOCKER N  P50  P95  P99  RATIO
        exec      10   5.0  10.0  10.0         1  200  200  200  0.025
        pause     10  0.50  0.50  0.50         -    -    -    -      -
        never      -     -     -     -         -    -    -    -      -

        WHAT    SLEIGH  DOCKER  UNIT  RATIO
        daemon    30.0     120  MiB    0.25

        """,
        Report().ToText());

    [Fact]
    public void A_missing_Docker_is_told_with_its_reason() =>
        Assert.EndsWith("\nDocker was not measured: not installed\n", Report("not installed").ToText(), StringComparison.Ordinal);

    [Fact]
    public void Ratios_are_of_the_middle_values_and_only_where_both_have_one() =>
        Assert.Equal(["daemon 0.2503", "exec 0.0250"], Report().Ratios().Select(r => $"{r.Key} {r.Value:0.0000}").Order());

    [Theory]
    [InlineData(null, 1.0)]
    [InlineData(1.0, null)]
    [InlineData(1.0, 0.0)]
    public void Nothing_is_divided_by_nothing(double? ours, double? theirs) => Assert.Null(BenchReport.Ratio(ours, theirs));

    [Fact]
    public void Json_has_settings_series_figures_and_failures()
    {
        JsonObject json = Report("x").ToJson([Comparison.Of("exec", 0.05, 0.025, 0.25)]);

        Assert.Equal("2", (string?)json["settings"]!["cores"]);
        JsonNode exec = json["series"]![0]!;
        Assert.Equal(("exec", 10, 5.0, 10.0, 0.025), (
            (string?)exec["name"], (int)exec["sleigh"]!["count"]!, (double)exec["sleigh"]!["p50_ms"]!, (double)exec["sleigh"]!["p99_ms"]!, (double)exec["ratio"]!));
        Assert.Null(json["series"]![1]!["docker"]);
        Assert.Equal(120, (double)json["figures"]![0]!["docker"]!);
        Assert.Equal("better", (string?)json["baseline"]![0]!["verdict"]);
        Assert.Equal("fork, docker: it broke", (string?)json["failures"]![0]);
        Assert.Equal("x", (string?)json["without_docker"]);
    }

    [Fact]
    public void What_the_host_could_not_show_is_said_behind_the_tables_and_in_json()
    {
        BenchReport report = Report() with { Skipped = ["a disk filler: no\tquotas"] };

        Assert.EndsWith("\nNot measured on this host: a disk filler: no quotas\n", report.ToText(), StringComparison.Ordinal);
        Assert.Equal("a disk filler: no\tquotas", (string?)report.ToJson([])["not_measured"]![0]);
        Assert.Empty(Report().ToJson([])["not_measured"]!.AsArray());
    }

    [Fact]
    public void Settings_cannot_steer_the_terminal() =>
        Assert.Equal("cores                     2\nkernel                    6.1 [31m\n", BenchReport.SettingsText(Report().Settings));

    [Fact]
    public void The_comparison_is_a_table() => Assert.Equal(
        """
        RATIO TO DOCKER  BASELINE   NOW  VERDICT
        exec                0.050  0.20  worse
        fork                 1.00     -  not measured

        """,
        BenchReport.ComparisonText([Comparison.Of("exec", 0.05, 0.2, 0.25), Comparison.Of("fork", 1, null, 0.25)]));
}
