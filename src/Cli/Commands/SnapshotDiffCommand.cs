using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl snapshot diff</c>: a letter and a path a line, names alone, or a patch.</summary>
internal static class SnapshotDiffCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var from = new Argument<string?>("FROM") { Description = "The snapshot before; the newest when left out", Arity = ArgumentArity.ZeroOrOne };
        var to = new Argument<string?>("TO") { Description = "The snapshot after; the files as they are now when left out", Arity = ArgumentArity.ZeroOrOne };
        var patch = new Option<bool>("--patch") { Description = "What has changed in text files, for patch -p1 and git apply" };
        var renames = new Option<bool>("--renames") { Description = "Show what was moved as one line, where the kernel knows" };
        var nameOnly = new Option<bool>("--name-only") { Description = "Paths alone" };
        var command = new ExampledCommand(
            "diff",
            "Show what has changed since a snapshot, or between two: A added, M modified, D deleted, T of another kind, R renamed",
            "sleighctl snapshot diff web\nsleighctl snapshot diff web before after --renames\nsleighctl snapshot diff web before --patch > changes.patch");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(from);
        command.Arguments.Add(to);
        command.Options.Add(patch);
        command.Options.Add(renames);
        command.Options.Add(nameOnly);

        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            string before = await FromAsync(run, id, arguments.GetValue(from));
            string after = arguments.GetValue(to) is string typed ? await Lookup.SnapshotAsync(run.Client, id, typed, run.Cancelled) : "live";
            bool asPatch = arguments.GetValue(patch);
            string query = $"to={after}&limit=10000{(asPatch ? "&patch=true&patch_max_bytes=1048576" : "")}{(arguments.GetValue(renames) ? "&renames=true" : "")}";
            JsonObject all = await AllAsync(run, $"/sandboxes/{id}/snapshots/{before}/diff?{query}");
            bool names = run.Quiet || arguments.GetValue(nameOnly);
            run.Show(all, a => string.Concat(a.Items().Select(item => names ? $"{Path(item)}\n" : asPatch ? item.Text("patch") : Line(item))));
            Remark(run, all, asPatch && !names);
            return ExitCode.Success;
        });
    }

    private static async Task<string> FromAsync(Invocation run, string sandbox, string? typed)
    {
        if (typed is not null)
        {
            return await Lookup.SnapshotAsync(run.Client, sandbox, typed, run.Cancelled);
        }

        JsonObject all = await run.Client.GetAsync($"/sandboxes/{sandbox}/snapshots", run.Cancelled);
        return all.Items() is [JsonObject newest, ..] && newest.Text("id") is string id
            ? id
            : throw new CliException(ExitCode.Failure, $"sandbox {sandbox} has no snapshot", $"take one first: sleighctl snapshot {sandbox}");
    }

    // The first page with the items of all.
    private static async Task<JsonObject> AllAsync(Invocation run, string path)
    {
        JsonObject first = await run.Client.GetAsync(path, run.Cancelled);
        JsonArray items = first["items"]?.AsArray() ?? [];
        for (JsonObject page = first; page.Text("next_cursor") is string cursor;)
        {
            page = await run.Client.GetAsync($"{path}&cursor={cursor}", run.Cancelled);
            foreach (JsonNode? item in page["items"]?.AsArray().ToArray() ?? [])
            {
                items.Add(item?.DeepClone());
            }
        }

        first.Remove("next_cursor");
        return first;
    }

    private static string Line(JsonObject item) => item.Text("change") switch
    {
        "added" => $"A  {Path(item)}\n",
        "modified" => $"M  {Path(item)}\n",
        "deleted" => $"D  {Path(item)}\n",
        "type_changed" => $"T  {Path(item)}\n",
        "renamed" => $"R  {Human.OneLine(item.Text("from_path") ?? "")} -> {Path(item)}\n",
        string other => $"{Human.OneLine(other)}  {Path(item)}\n",
        null => "",
    };

    private static string Path(JsonObject item) => Human.OneLine(item.Text("path") ?? "");

    private static void Remark(Invocation run, JsonObject all, bool asPatch)
    {
        if (all.Flag("renames_truncated") == true)
        {
            run.Remark("too much was added and deleted: no renames are shown");
        }

        string[] skipped = [.. all.Items().Where(item => asPatch && item.Text("patch_skipped") is not null).Select(item => $"{Path(item)} ({item.Text("patch_skipped")})")];
        if (skipped.Length > 0)
        {
            run.Remark($"not in the patch: {string.Join(", ", skipped.Take(5))}{(skipped.Length > 5 ? $" and {skipped.Length - 5} more" : "")}");
        }
    }
}
