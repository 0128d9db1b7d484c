using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>snapshot</c>, <c>snapshots</c> and <c>rollback</c>.</summary>
internal static class SnapshotCommands
{
    /// <summary><c>sleighctl snapshot</c>: standard output is the snapshot's id alone. Under it what is done with snapshots.</summary>
    public static Command Take(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        var name = new Option<string?>("--name") { Description = "A name for it", HelpName = "NAME" };
        var comment = new Option<string?>("--comment") { Description = "A remark", HelpName = "TEXT" };
        var keep = new Option<bool>("--keep") { Description = "No clean-up removes it, by age or by count" };
        var command = new ExampledCommand(
            "snapshot", "Keep the files of a sandbox as they are now and print the snapshot's id", "sleighctl snapshot web --name before-upgrade --keep\nsleighctl snapshot tree web");
        command.Arguments.Add(sandbox);
        command.Options.Add(name);
        command.Options.Add(comment);
        command.Subcommands.Add(SnapshotDiffCommand.Build(host));
        command.Subcommands.Add(SnapshotRestoreCommand.Build(host));
        command.Options.Add(keep);
        command.Subcommands.Add(SnapshotTreeCommand.Build(host));
        command.Subcommands.Add(SnapshotKeepCommand.Keep(host));
        command.Subcommands.Add(SnapshotKeepCommand.Unkeep(host));
        command.Subcommands.Add(SnapshotExportCommands.Export(host));
        command.Subcommands.Add(SnapshotExportCommands.ToImage(host));

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject body = [];
            foreach ((string field, string? value) in new[] { ("name", arguments.GetValue(name)), ("comment", arguments.GetValue(comment)) })
            {
                if (value is not null)
                {
                    body[field] = value;
                }
            }

            if (arguments.GetValue(keep))
            {
                body["keep"] = true;
            }

            JsonObject snapshot = await run.Client.PostAsync($"/sandboxes/{id}/snapshots", body, run.Cancelled);
            run.Show(snapshot, s => $"{s.Text("id")}\n", s => [s.Text("id")]);
            run.Remark(
                $"{Human.Bytes(snapshot.Number("bytes") ?? 0)} in {snapshot.Number("duration_ms")} ms, processes stood still for {snapshot.Number("pause_ms")} ms");
            return ExitCode.Success;
        });
    }

    /// <summary><c>sleighctl snapshots</c>: newest first.</summary>
    public static Command List(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        var command = new ExampledCommand("snapshots", "List the snapshots of a sandbox, newest first", "sleighctl snapshots web");
        command.Arguments.Add(sandbox);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject all = await run.Client.GetAsync($"/sandboxes/{id}/snapshots", run.Cancelled);
            run.Show(all, a => Views.Snapshots(a.Items(), run.Now), a => a.Items().Select(s => s.Text("id")));
            return ExitCode.Success;
        });
    }

    /// <summary><c>sleighctl rollback</c>: the files as they were; id, limits, labels and mounts stay.</summary>
    public static Command Rollback(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        var snapshot = new Argument<string>("SNAPSHOT") { Description = "Its id or name" };
        var command = new ExampledCommand(
            "rollback",
            "Put the files of a sandbox back to a snapshot; running commands end",
            "sleighctl rollback web before-upgrade\nsleighctl rollback sbx_4f1c snap_a1b2");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(snapshot);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            string to = await Lookup.SnapshotAsync(run.Client, id, arguments.GetRequiredValue(snapshot), run.Cancelled);
            JsonObject answer = await run.Client.PostAsync(
                $"/sandboxes/{id}/rollback", new JsonObject { ["snapshot_id"] = to }, run.Cancelled);
            run.Show(answer, a => RolledBack(id, a, to));
            return ExitCode.Success;
        });
    }

    /// <summary>What a rollback did, for people.</summary>
    public static string RolledBack(string sandbox, JsonObject answer, string? to = null)
    {
        int ended = (answer["ended_exec_ids"] as JsonArray)?.Count ?? 0;
        string commands = ended switch { 0 => "", 1 => ", 1 command ended", _ => $", {ended} commands ended" };
        return $"{sandbox} is at {answer.Text("rolled_back_to") ?? to} after {answer.Number("duration_ms")} ms{commands}\n";
    }

    private static Argument<string> Sandbox() => new("SANDBOX") { Description = "Its id or name" };
}
