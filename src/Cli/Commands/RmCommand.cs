using System.CommandLine;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl rm</c>: deletes sandboxes with everything in them. Stops at the first that fails.</summary>
internal static class RmCommand
{
    public static Command Build(CommandHost host)
    {
        var ids = new Argument<string[]>("SANDBOX") { Description = "Ids or names", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand(
            "rm", "Delete sandboxes, their snapshots and outputs", "sleighctl rm sbx_4f1c\nsleighctl rm web build\nsleighctl ls -q --label task=42 | xargs sleighctl rm");
        command.Arguments.Add(ids);

        return host.Runs(command, async (arguments, run) => await Removal.RunAsync(run, arguments.GetValue(ids)!, async typed =>
        {
            string id = await Lookup.SandboxAsync(run.Client, typed, run.Cancelled);
            await run.Client.DeleteAsync($"/sandboxes/{id}", run.Cancelled);
            return id;
        }));
    }
}
