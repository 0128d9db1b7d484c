using System.Globalization;
using Sleigh.Benchmarks.Host;
using Sleigh.Benchmarks.Host.Report;
using Sleigh.Cli;
using Sleigh.Cli.Output;

return await new HostOptions().Build(RunAsync).Parse(args).InvokeAsync();

static async Task<int> RunAsync(HostArguments arguments, CancellationToken cancellationToken)
{
    try
    {
        // Before anything is started: a wrong file must not cost an hour.
        Baseline? baseline = arguments.Baseline.Length > 0 ? Baseline.Read(arguments.Baseline) : null;
        var session = new HostSession(arguments);
        BenchReport report = arguments switch
        {
            { Signals: true } => await session.SignalsAsync(cancellationToken),
            { Http: true } => await session.HttpAsync(cancellationToken),
            { Network: true } => await session.NetworkAsync(cancellationToken),
            { Snapshots: true } => await session.SnapshotsAsync(cancellationToken),
            { Scale: true } => await session.ScaleAsync(cancellationToken),
            _ => await session.MeasureAsync(cancellationToken),
        };
        IReadOnlyList<Comparison> comparisons = baseline?.Compare(report.Ratios(), arguments.Tolerance) ?? [];
        if (arguments.Save.Length > 0)
        {
            new Baseline(arguments.Paths.Commit, DateTimeOffset.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), report.Ratios()).Write(arguments.Save);
        }

        Console.Write(arguments.IsJson ? JsonText.Of(report.ToJson(comparisons)) : "\n" + report.ToText());
        if (!arguments.IsJson && baseline is not null)
        {
            Console.Write($"\nBaseline of {baseline.Time} ({baseline.Commit}), tolerance {arguments.Tolerance:P0}:\n{BenchReport.ComparisonText(comparisons)}");
        }

        foreach (string failure in report.Results.Failures)
        {
            Console.Error.WriteLine($"failed: {failure}");
        }

        return report.Results.Failures.Count == 0 ? 0 : 1;
    }
    catch (CliException ex)
    {
        Console.Error.WriteLine(ex.Message);
        return 1;
    }
}
