using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl pool</c>: the parked containers that make a create fast.</summary>
internal static class PoolCommand
{
    // A refill answers when the pool is full.
    private static readonly TimeSpan RefillTimeout = TimeSpan.FromMinutes(10);

    public static Command Build(CommandHost host)
    {
        var command = new ExampledCommand(
            "pool", "Show the pool of parked containers", "sleighctl pool\nsleighctl pool refill\nsleighctl pool -o json | jq .available");
        var refill = new ExampledCommand("refill", "Fill the pool now and wait until it is full", "sleighctl pool refill");
        command.Subcommands.Add(host.Runs(refill, async (_, run) =>
            Show(run, await run.Client.PostAsync("/warm-pool/refill", null, run.Cancelled, RefillTimeout))));
        return host.Runs(command, async (_, run) => Show(run, await run.Client.GetAsync("/admin/pool", run.Cancelled)));
    }

    private static int Show(Invocation run, JsonObject pool)
    {
        run.Show(pool, AdminViews.Pool);
        return ExitCode.Success;
    }
}
