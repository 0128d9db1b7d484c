using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl rm</c>: deletes sandboxes with everything in them. Stops at the first that fails.</summary>
internal static class RmCommand
{
    public static Command Build(CommandHost host)
    {
        var ids = new Argument<string[]>("SANDBOX") { Description = "Ids or names", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand(
            "rm", "Delete sandboxes, their snapshots and outputs", "sleighctl rm sbx_4f1c\nsleighctl rm web build");
        command.Arguments.Add(ids);

        return host.Runs(command, async (arguments, run) =>
        {
            List<string> removed = [];
            foreach (string typed in arguments.GetValue(ids)!)
            {
                string id = await Lookup.SandboxAsync(run.Client, typed, run.Cancelled);
                await run.Client.DeleteAsync($"/sandboxes/{id}", run.Cancelled);
                removed.Add(id);
                if (!run.IsJson)
                {
                    run.Terminal.Line(id);
                }
            }

            if (run.IsJson)
            {
                run.Show(new JsonObject { ["removed"] = JsonFields.Array(removed) }, _ => "");
            }

            return ExitCode.Success;
        });
    }
}
