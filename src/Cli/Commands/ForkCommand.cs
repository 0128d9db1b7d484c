using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl fork</c>: new sandboxes with the same files; standard output is their ids, one per line.</summary>
internal static class ForkCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var count = new Option<int?>("--count", "-n") { Description = "How many [default: 1]", HelpName = "COUNT" };
        var snapshot = new Option<string?>("--snapshot") { Description = "Fork this snapshot instead of the files as they are now", HelpName = "SNAPSHOT" };
        var command = new ExampledCommand(
            "fork", "Make new sandboxes with the files of another and print their ids", "sleighctl fork web --count 3\nsleighctl fork web --snapshot before-upgrade");
        command.Arguments.Add(sandbox);
        command.Options.Add(count);
        command.Options.Add(snapshot);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject body = [];
            if (arguments.GetValue(count) is { } wanted)
            {
                body["count"] = wanted;
            }

            if (arguments.GetValue(snapshot) is { } typed)
            {
                body["snapshot_id"] = await Lookup.SnapshotAsync(run.Client, id, typed, run.Cancelled);
            }

            JsonObject answer = await run.Client.PostAsync($"/sandboxes/{id}/fork", body, run.Cancelled);
            run.Show(answer, a => string.Concat(a.Items().Select(s => $"{s.Text("sandbox_id")}\n")), a => a.Items().Select(s => s.Text("sandbox_id")));
            run.Remark($"from {answer.Text("snapshot_id")}, the slowest after {answer.Items().Max(s => s.Number("startup_latency_ms"))} ms");
            return ExitCode.Success;
        });
    }
}
