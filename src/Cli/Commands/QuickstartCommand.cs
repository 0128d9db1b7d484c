using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Output;
using Sleigh.Cli.Quickstart;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl quickstart</c>: a real task from token to fork, each step timed and checked. Ends with 1 at the first wrong step.</summary>
internal static class QuickstartCommand
{
    public static Command Build(CommandHost host)
    {
        var image = new Option<string>("--image")
        {
            Description = "An image with python3 and its unittest", HelpName = "IMAGE", DefaultValueFactory = _ => "quickstart",
        };
        var command = new ExampledCommand(
            "quickstart", "Carry a real task through Sleigh and check every step", "sleighctl quickstart\nsleighctl quickstart --image python:3.11-slim -o json");
        command.Options.Add(image);

        return host.Runs(command, async (arguments, run) =>
        {
            var steps = new StepLog(run.Time, step =>
            {
                if (!run.IsForProgram)
                {
                    run.Terminal.Line(step.ToLine());
                }
            });
            bool passed = await new QuickstartRun(run.Client, steps, arguments.GetValue(image)!).RunAsync(run.Cancelled);

            run.Show(
                new JsonObject
                {
                    ["passed"] = passed,
                    ["total_ms"] = steps.TotalMilliseconds,
                    ["steps"] = new JsonArray([.. steps.Steps.Select(s => (JsonNode?)s.ToJson())]),
                },
                _ => $"{(passed ? "quickstart passed" : "quickstart FAILED")}: {steps.Steps.Count} steps in {Human.Milliseconds(steps.TotalMilliseconds)}\n");
            return passed ? ExitCode.Success : ExitCode.Failure;
        });
    }
}
