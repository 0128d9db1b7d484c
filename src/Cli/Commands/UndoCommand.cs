using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl undo</c>: the files as they were before the latest changes.</summary>
internal static class UndoCommand
{
    private const int MostSteps = 100;

    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var steps = new Option<int>("--steps", "-n") { Description = $"How many states to go back, up to {MostSteps}", HelpName = "STEPS", DefaultValueFactory = _ => 1 };
        steps.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 1 and <= MostSteps))
            {
                result.AddError($"--steps is '{text}', must be 1 to {MostSteps}");
            }
        });
        var command = new ExampledCommand(
            "undo", "Put the files of a sandbox back to the state before; running commands end", "sleighctl undo web\nsleighctl undo web -n 3");
        command.Arguments.Add(sandbox);
        command.Options.Add(steps);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject answer = await run.Client.PostAsync(
                $"/sandboxes/{id}/undo", new JsonObject { ["steps"] = arguments.GetValue(steps) }, run.Cancelled);
            run.Show(answer, a => SnapshotCommands.RolledBack(id, a), a => [a.Text("rolled_back_to")]);
            return ExitCode.Success;
        });
    }
}
