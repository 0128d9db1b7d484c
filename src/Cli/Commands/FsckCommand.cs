using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl fsck</c>: whether records, layers and mounts agree. Ends with 1 while something is wrong.</summary>
internal static class FsckCommand
{
    // The whole database is read, and what seems wrong is looked at twice.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static Command Build(CommandHost host)
    {
        var repair = new Option<bool>("--repair") { Description = "Mend what can be mended without losing anything" };
        var command = new ExampledCommand(
            "fsck", "Compare records, layers and mounts, and explain what does not fit", "sleighctl fsck\nsleighctl fsck --repair\nsleighctl fsck -o json | jq '.items[]'")
        {
            repair,
        };
        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject report = arguments.GetValue(repair)
                ? await run.Client.PostAsync("/admin/fsck", null, run.Cancelled, Limit)
                : await run.Client.GetAsync("/admin/fsck", run.Cancelled, Limit);
            run.Show(report, r => FsckView.Text(r, run.Paint));
            return report.Items().All(f => f.Text("outcome") == "repaired") ? ExitCode.Success : ExitCode.Failure;
        });
    }
}
