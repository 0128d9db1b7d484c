using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Bench;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl bench</c>: how fast the daemon is on this host.</summary>
internal static class BenchCommand
{
    public static Command Build(CommandHost host)
    {
        var image = new Option<string>("--image") { Description = "An image with /bin/sh", HelpName = "IMAGE", DefaultValueFactory = _ => "quickstart" };
        Option<int> rounds = Count("--rounds", "How often each call is made", 30, 1, 10_000);
        rounds.Aliases.Add("-n");
        Option<int> burst = Count("--burst", "Also make so many sandboxes at once, each with a first command", 0, 0, 1000);
        var large = new Option<bool>("--large") { Description = "Also take snapshots of a tree of 500 MB in 20,000 files" };
        var command = new ExampledCommand(
            "bench",
            "Time create, exec, snapshot, rollback, fork and delete on this host",
            "sleighctl bench\nsleighctl bench --rounds 100 -o json\nsleighctl bench --burst 100 --large");
        command.Options.Add(image);
        command.Options.Add(rounds);
        command.Options.Add(burst);
        command.Options.Add(large);

        return host.Runs(command, async (arguments, run) =>
        {
            int n = arguments.GetValue(rounds);
            int together = arguments.GetValue(burst);
            BenchResults results = await MeasureAsync(
                run, arguments.GetValue(image)!, new BenchOptions(n, WarmUp: 1, together, BurstRounds: 3, Math.Max(1, together)), arguments.GetValue(large));
            run.Show(
                new JsonObject { ["items"] = new JsonArray([.. results.Names.Select(name => (JsonNode?)results.Of(name, "sleigh").ToJson())]) },
                _ => Table(results));
            return results.Failures is [var first, ..]
                ? throw new CliException(ExitCode.Failure, $"{results.Failures.Count} calls failed; the first: {first}") : ExitCode.Success;
        });
    }

    // What was made is removed whatever happens.
    private static async Task<BenchResults> MeasureAsync(Invocation run, string image, BenchOptions options, bool large)
    {
        SleighSubject subject = await SleighSubject.OpenAsync(run.Client, run.Time, image, run.Cancelled);
        var bench = new BenchRun([subject], run.Time, options, part => run.Remark($"measuring: {part}"));
        try
        {
            await bench.CreateAndDeleteAsync(run.Cancelled);
            await bench.CreateColdAsync(run.Cancelled);
            await bench.ExecAsync(run.Cancelled);
            await bench.SnapshotsAsync(run.Cancelled);
            if (large)
            {
                await bench.LargeSnapshotsAsync(options.Rounds, options.Rounds, run.Cancelled);
            }

            await bench.BurstAsync(run.Cancelled);
        }
        finally
        {
            await subject.CleanUpAsync();
        }

        return bench.Results;
    }

    private static Option<int> Count(string name, string what, int usual, int least, int most)
    {
        var option = new Option<int>(name) { Description = what, HelpName = "COUNT", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
                && (value < least || value > most))
            {
                result.AddError($"{name} is {value}, must be from {least} to {most}");
            }
        });
        return option;
    }

    private static string Table(BenchResults results)
    {
        var table = new Table("WHAT", ">COUNT", ">P50 MS", ">P95 MS", ">P99 MS", ">MAX MS");
        foreach (Series series in results.Names.Select(name => results.Of(name, "sleigh")))
        {
            table.Row(
                series.Name,
                series.Count.ToString(CultureInfo.InvariantCulture),
                Show(series, 0.5),
                Show(series, 0.95),
                Show(series, 0.99),
                Show(series, 1));
        }

        return table.ToString();
    }

    private static string? Show(Series series, double share) =>
        series.Count == 0 ? null : series.Percentile(share).ToString("0.0", CultureInfo.InvariantCulture);
}
