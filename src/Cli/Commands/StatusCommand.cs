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
            status["checks"] = (ready["checks"] as JsonArray ?? []).DeepClone();

            (int topCode, JsonObject top) = await run.Client.TryGetAsync("/admin/top", run.Cancelled);
            if (topCode == 200 && top.Object("host") is { } machine)
            {
                status["host"] = machine.DeepClone();
            }

            (int poolCode, JsonObject pool) = await run.Client.TryGetAsync("/admin/pool", run.Cancelled);
            if (poolCode == 200)
            {
                status["pool"] = pool.DeepClone();
            }

            run.Show(status, s => StatusView.Of(s, run.Now, run.Paint));
            return code == 200 ? ExitCode.Success : ExitCode.Failure;
        });
}
