using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl config</c>: the settings of the running daemon, and a check of a file before it is used.</summary>
internal static class ConfigCommands
{
    public static Command Build(CommandHost host) => new("config", "Show the daemon's settings, check a file of them, or load them again")
    {
        Show(host), Check(host), Reload(host),
    };

    private static Command Show(CommandHost host)
    {
        var changed = new Option<bool>("--changed") { Description = "Only settings that are not at their default" };
        var command = new ExampledCommand(
            "show", "Show the settings in force and where each comes from", "sleighctl config show\nsleighctl config show --changed");
        command.Options.Add(changed);
        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject all = await SettingsAsync(host, run);
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

    private static Command Reload(CommandHost host)
    {
        var command = new ExampledCommand(
            "reload", "Load the configuration again; a bad one changes nothing", "sleighctl config check && sleighctl config reload\nsleighctl config reload -o json");
        return host.Runs(command, async (_, run) =>
        {
            try
            {
                JsonObject answer = await run.Client.PostAsync("/admin/config/reload", null, run.Cancelled);
                run.Show(answer, AdminViews.Reload);
                return ExitCode.Success;
            }
            catch (ApiException refused) when (refused.Code == "configuration_refused" && run.Format == OutputFormat.Table)
            {
                run.Terminal.Note("sleighctl: the new configuration is refused, the old one stays in force");
                foreach (JsonNode? error in refused.Body.Object("details")?["errors"] as JsonArray ?? [])
                {
                    run.Terminal.Note($"  {Human.OneLine(error?.ToString() ?? "")}");
                }

                return ExitCode.Failure;
            }
        });
    }

    // Where no daemon answers, its program tells what it would start with.
    private static async Task<JsonObject> SettingsAsync(CommandHost host, Invocation run)
    {
        try
        {
            return await run.Client.GetAsync("/admin/config", run.Cancelled);
        }
        catch (CliException silent) when (silent.ExitCode == ExitCode.Unreachable && DaemonProgram.IsThere(host))
        {
            (int code, string output, string errors) = await DaemonProgram.Find(host, "it tells the settings").RunAsync(["show-config", "-o", "json"], run.Cancelled);
            if (code != 0)
            {
                throw new CliException(ExitCode.Failure, $"no daemon answers, and its configuration is not good: {errors.Trim()}", silent.Message);
            }

            run.Terminal.Note($"sleighctl: {silent.Message}; these are the settings it would start with, variables of its service left out");
            return JsonNode.Parse(output)!.AsObject();
        }
    }
}
