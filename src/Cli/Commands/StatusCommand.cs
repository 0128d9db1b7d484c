using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl status</c>: the daemon and whether it is ready. Ends with 1 when it is not.</summary>
internal static class StatusCommand
{
    public static Command Build(CommandHost host) => host.Runs(
        new ExampledCommand("status", "Show the daemon's state and whether it is ready", "sleighctl status\nsleighctl status -o json"),
        async (_, run) =>
        {
            JsonObject status = await run.Client.GetAsync("/admin/status", run.Cancelled);
            (int code, JsonObject ready) = await run.Client.TryGetAsync("/readyz", run.Cancelled);

            status["ready"] = code == 200;
            JsonObject[] failed = [.. ready.Items("checks").Where(c => c.Flag("ok") != true)];
            if (failed.Length > 0)
            {
                status["failed_checks"] = new JsonArray([.. failed.Select(c => (JsonNode?)c.DeepClone())]);
            }

            run.Show(status, s => Views.Status(s, run.Now));
            return code == 200 ? ExitCode.Success : ExitCode.Failure;
        });
}
