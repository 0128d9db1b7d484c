using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl inspect</c>: all that is known of one sandbox.</summary>
internal static class InspectCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var command = new ExampledCommand(
            "inspect",
            "Show all about a sandbox: settings, where it lives on the host, snapshots, latest commands",
            "sleighctl inspect web\nsleighctl inspect web -o yaml");
        command.Arguments.Add(sandbox);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject all = await run.Client.GetAsync($"/admin/sandboxes/{id}", run.Cancelled);
            run.Show(all, a => AdminViews.Inspect(a, run.Now), a => [a.Object("sandbox").Text("sandbox_id")]);
            return ExitCode.Success;
        });
    }
}
