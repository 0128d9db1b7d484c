using Sleigh.Cgroups;

namespace Sleigh.Runtime.Tests.Hosts;

/// <summary>Endpoint 4 of the contract.</summary>
public sealed class OomDiagnosisTests
{
    [Theory]
    [InlineData(0.0799, 0, 0, OomRisk.Critical)]
    [InlineData(0.08, 0, 0, OomRisk.High)]
    [InlineData(0.9, 0, 20.01, OomRisk.Critical)]
    [InlineData(0.9, 0, 20, OomRisk.Low)]
    [InlineData(0.1499, 0, 0, OomRisk.High)]
    [InlineData(0.15, 0, 0, OomRisk.Medium)]
    [InlineData(0.9, 50.01, 0, OomRisk.High)]
    [InlineData(0.9, 50, 0, OomRisk.Medium)]
    [InlineData(0.2999, 0, 0, OomRisk.Medium)]
    [InlineData(0.30, 0, 0, OomRisk.Low)]
    [InlineData(0.9, 20.01, 0, OomRisk.Medium)]
    [InlineData(0.9, 20, 0, OomRisk.Low)]
    [InlineData(0.05, 90, 90, OomRisk.Critical)]
    public void The_first_level_that_fits_counts(double ratio, double some, double full, OomRisk expected) =>
        Assert.Equal(expected, OomDiagnosis.RiskOf(ratio, Pressed(some, full)));

    [Fact]
    public void Signals_have_four_decimals_and_each_level_its_sentences()
    {
        Assert.Equal(
            ["memory.available_ratio=0.2210", "psi.some.avg10=3.1000", "psi.full.avg10=0.0000"], Diagnosis(2210, 3.1, 0).Signals);
        Assert.Equal(
            [
                "Start no new work until memory is free.",
                "Raise the limit of the sandbox that matters most, or let it grow once the host has room.",
                "Find the sandboxes with the highest use, snapshot them and run their work again later.",
            ],
            Diagnosis(500, 0, 0).Recommendations);
        Assert.Equal(
            ["Lower the number of commands that run at once and watch memory pressure.", "Delete sandboxes nobody has used for a long time."],
            Diagnosis(1000, 0, 0).Recommendations);
        Assert.Equal(
            ["Keep an eye on memory pressure and the available share.", "Decide now which sandbox may grow next and which work can wait."],
            Diagnosis(2000, 0, 0).Recommendations);
        Assert.Equal(["Nothing to do; look again at the usual interval."], Diagnosis(9000, 0, 0).Recommendations);
    }

    [Fact]
    public void Figures_are_those_of_the_kernels_files()
    {
        using Folder proc = new();
        proc.File("meminfo", "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    250 kB\nSwapTotal:     40 kB\nSwapFree:       30 kB\n");
        proc.File("loadavg", "0.40 1.30 12.25 1/234 5678\n");
        HostGauge gauge = new(proc.Path);

        HostFigures without = gauge.Read();
        proc.File("pressure/memory", "some avg10=3.10 avg60=2.00 avg300=1.00 total=5\nfull avg10=0.50 avg60=0.25 avg300=0.00 total=1\n");
        HostFigures figures = gauge.Read();

        Assert.Equal((1024000, 256000, 40960, 30720, 0.25), (figures.TotalBytes, figures.AvailableBytes, figures.SwapTotalBytes, figures.SwapFreeBytes, figures.AvailableRatio));
        Assert.Equal(new LoadAverage(0.4, 1.3, 12.25), figures.Load);
        Assert.Equal((3.1, 2, 1, 0.5, 0.25, 0), (figures.Pressure.Some.Avg10, figures.Pressure.Some.Avg60, figures.Pressure.Some.Avg300, figures.Pressure.Full.Avg10, figures.Pressure.Full.Avg60, figures.Pressure.Full.Avg300));
        Assert.Equal(default, without.Pressure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0.1")]
    [InlineData("0.1 0.2")]
    [InlineData("0.1 x 0.3")]
    public void A_load_that_is_cut_off_is_refused(string text) =>
        Assert.Equal($"'{text}' does not begin with three load averages", Assert.Throws<FormatException>(() => LoadAverage.Parse(text)).Message);

    internal static OomDiagnosis Diagnosis(long availableOf10000, double some, double full, DateTimeOffset? time = null) => new(
        time ?? DateTimeOffset.UnixEpoch,
        new HostFigures
        {
            TotalBytes = 10_000, AvailableBytes = availableOf10000, SwapTotalBytes = 0, SwapFreeBytes = 0, Load = default, Pressure = Pressed(some, full),
        },
        AlertResult.None);

    private static Pressure Pressed(double some, double full) => new(new StallFigures(some, 0, 0, default), new StallFigures(full, 0, 0, default));

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("sleigh-proc-").FullName;

        public void File(string name, string text)
        {
            string path = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            System.IO.File.WriteAllText(path, text);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
