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
        var rounds = new Option<int>("--rounds", "-n") { Description = "How often each call is made", HelpName = "COUNT", DefaultValueFactory = _ => 30 };
        rounds.Validators.Add(result =>
        {
            if (result.GetValue(rounds) is < 1 or > 10_000)
            {
                result.AddError("--rounds must be from 1 to 10000");
            }
        });
        var command = new ExampledCommand(
            "bench", "Time create, exec, snapshot, rollback, fork and delete on this host", "sleighctl bench\nsleighctl bench --rounds 100 -o json");
        command.Options.Add(image);
        command.Options.Add(rounds);

        return host.Runs(command, async (arguments, run) =>
        {
            IReadOnlyList<Series> all = await new BenchRun(
                run.Client, run.Time, arguments.GetValue(image)!, arguments.GetValue(rounds)).RunAsync(run.Cancelled);
            run.Show(
                new JsonObject { ["items"] = new JsonArray([.. all.Select(s => (JsonNode?)s.ToJson())]) },
                _ => Table(all));
            return ExitCode.Success;
        });
    }

    private static string Table(IReadOnlyList<Series> all)
    {
        var table = new Table("WHAT", ">COUNT", ">P50 MS", ">P95 MS", ">MAX MS");
        foreach (Series series in all)
        {
            table.Row(
                series.Name,
                series.Count.ToString(CultureInfo.InvariantCulture),
                Show(series, 0.5),
                Show(series, 0.95),
                Show(series, 1));
        }

        return table.ToString();
    }

    private static string? Show(Series series, double share) =>
        series.Count == 0 ? null : series.Percentile(share).ToString("0.0", CultureInfo.InvariantCulture);
}
