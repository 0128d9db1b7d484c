using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl snapshot keep</c> and <c>unkeep</c>: which snapshots no clean-up removes.</summary>
internal static class SnapshotKeepCommand
{
    public static Command Keep(CommandHost host) =>
        Build(host, "keep", keep: true, "Keep a snapshot: no clean-up removes it, by age or by count");

    public static Command Unkeep(CommandHost host) =>
        Build(host, "unkeep", keep: false, "Leave a snapshot to the clean-ups again; where there are too many, it goes at once");

    private static Command Build(CommandHost host, string name, bool keep, string description)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var snapshot = new Argument<string>("SNAPSHOT") { Description = "Its id or name" };
        var command = new ExampledCommand(name, description, $"sleighctl snapshot {name} web before-upgrade");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(snapshot);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            string which = await Lookup.SnapshotAsync(run.Client, id, arguments.GetRequiredValue(snapshot), run.Cancelled);
            JsonObject answer = await run.Client.PostAsync($"/sandboxes/{id}/snapshots/{which}/keep", new JsonObject { ["keep"] = keep }, run.Cancelled);
            run.Show(answer, s => $"{s.Text("id")} {(keep ? "is kept" : "is no longer kept")}\n", s => [s.Text("id")]);
            return ExitCode.Success;
        });
    }
}
