using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl config</c>: the settings of the running daemon, and a check of a file before it is used.</summary>
internal static class ConfigCommands
{
    public static Command Build(CommandHost host) => new("config", "Show the daemon's settings, or check a file of them")
    {
        Show(host), Check(host),
    };

    private static Command Show(CommandHost host)
    {
        var changed = new Option<bool>("--changed") { Description = "Only settings that are not at their default" };
        var command = new ExampledCommand(
            "show", "Show the settings in force and where each comes from", "sleighctl config show\nsleighctl config show --changed");
        command.Options.Add(changed);
        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject all = await run.Client.GetAsync("/admin/config", run.Cancelled);
            if (arguments.GetValue(changed))
            {
                all["items"] = new JsonArray([.. all.Items().Where(i => i.Text("source") != "default").Select(i => (JsonNode?)i.DeepClone())]);
            }

            run.Show(all, a => AdminViews.Config(a.Items()));
            return ExitCode.Success;
        });
    }

    private static Command Check(CommandHost host)
    {
        var file = new Argument<string?>("FILE") { Description = "The configuration [default: the daemon's own]", Arity = ArgumentArity.ZeroOrOne };
        var command = new ExampledCommand(
            "check", "Check a configuration with the installed sleighd; nothing is started or changed", "sleighctl config check\nsleighctl config check ./sleigh.yaml");
        command.Arguments.Add(file);
        return host.Runs(command, async (arguments, run) =>
        {
            string? path = arguments.GetValue(file);
            (int code, string text, string errors) = await DaemonProgram.Find(host, "it is what checks a configuration")
                .RunAsync(path is null ? ["--check-config"] : ["--check-config", "--config", path], run.Cancelled);
            string output = text + errors;
            JsonObject answer = new() { ["file"] = path, ["valid"] = code == 0, ["messages"] = JsonFields.Array(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)) };
            run.Show(answer, _ => string.Concat(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Human.OneLine(line) + "\n")));
            return code == 0 ? ExitCode.Success : ExitCode.Failure;
        });
    }
}
