using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl snapshot restore</c>: single paths, without a rollback.</summary>
internal static class SnapshotRestoreCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var snapshot = new Argument<string>("SNAPSHOT") { Description = "Its id or name" };
        var paths = new Argument<string[]>("SANDBOX-PATH") { Description = "Absolute paths in the sandbox", Arity = ArgumentArity.OneOrMore };
        var deleteAdded = new Option<bool>("--delete-added") { Description = "Remove what the snapshot does not have, also inside directories" };
        var command = new ExampledCommand(
            "restore",
            "Put single files and directories back as they are in a snapshot; running commands go on",
            "sleighctl snapshot restore web before /app/main.py /etc/nginx\nsleighctl snapshot restore web before /app --delete-added");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(snapshot);
        command.Arguments.Add(paths);
        command.Options.Add(deleteAdded);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            string from = await Lookup.SnapshotAsync(run.Client, id, arguments.GetRequiredValue(snapshot), run.Cancelled);
            JsonObject body = new() { ["paths"] = JsonFields.Array(arguments.GetRequiredValue(paths)) };
            if (arguments.GetValue(deleteAdded))
            {
                body["delete_added"] = true;
            }

            JsonObject done = await run.Client.PostAsync($"/sandboxes/{id}/snapshots/{from}/restore", body, run.Cancelled);
            run.Show(done, View, d => [.. Restored(d).Select(r => r.Text("path")), .. Deleted(d)]);
            return ExitCode.Success;
        });
    }

    private static string View(JsonObject done) => string.Concat(
    [
        .. Restored(done).Select(r => $"restored {Human.OneLine(r.Text("path") ?? "")}: {Amount(r)}{LeftOut(r)}\n"),
        .. Deleted(done).Select(path => $"deleted {Human.OneLine(path ?? "")}\n"),
    ]);

    private static string Amount(JsonObject restored) =>
        $"{restored.Number("files")} {(restored.Number("files") == 1 ? "file" : "files")}, {Human.Bytes(restored.Number("bytes") ?? 0)}";

    private static string LeftOut(JsonObject restored) =>
        restored.Number("left_out") is long count and > 0 ? $"; {count} devices or sockets left out" : "";

    private static IEnumerable<JsonObject> Restored(JsonObject done) => (done["restored"] as JsonArray ?? []).OfType<JsonObject>();

    private static IEnumerable<string?> Deleted(JsonObject done) => (done["deleted"] as JsonArray ?? []).Select(path => (string?)path);
}
