using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl ls</c>: all sandboxes of all sessions.</summary>
internal static class LsCommand
{
    public static Command Build(CommandHost host) => host.Runs(
        new ExampledCommand("ls", "List all sandboxes", "sleighctl ls\nsleighctl ls -o json | jq -r '.items[].sandbox_id'"),
        async (_, run) =>
        {
            JsonObject all = await run.Client.GetAsync("/admin/sandboxes", run.Cancelled);
            run.Show(all, a => Views.Sandboxes(a.Items(), run.Now));
            return ExitCode.Success;
        });
}
