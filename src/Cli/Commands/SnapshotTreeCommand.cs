using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl snapshot tree</c>: which snapshot came of which, and where the files stand.</summary>
internal static class SnapshotTreeCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var command = new ExampledCommand(
            "tree", "Draw the snapshots of a sandbox as a tree", "sleighctl snapshot tree web\nsleighctl snapshot tree web -o json | jq '.live'");
        command.Arguments.Add(sandbox);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject all = await run.Client.GetAsync($"/sandboxes/{id}/snapshots", run.Cancelled);
            JsonObject live = await run.Client.GetAsync($"/sandboxes/{id}", run.Cancelled);
            SnapshotTree tree = new(all.Items(), live.Text("base_snapshot_id"));
            if (run.IsForProgram && tree.Levels > SnapshotTree.MostLevels)
            {
                throw new CliException(
                    ExitCode.Failure, $"the tree has {tree.Levels} levels, more than readers of JSON take",
                    $"sleighctl snapshots {id} -o json has them in a list, each with its parent_id");
            }

            run.Show(run.IsForProgram ? tree.ToJson() : [], _ => tree.ToText(run.Now), _ => tree.Ids);
            return ExitCode.Success;
        });
    }
}
