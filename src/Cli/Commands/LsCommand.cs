using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl ls</c>: all sandboxes of all sessions.</summary>
internal static class LsCommand
{
    public static Command Build(CommandHost host)
    {
        var session = new Option<string?>("--session") { Description = "Only those of this session", HelpName = "SESSION" };
        var label = new Option<string[]>("--label", "-l") { Description = "Only those with this label; may be repeated", HelpName = "NAME=VALUE" };
        var wide = new Option<bool>("--wide", "-w") { Description = "Show labels, origin and last use too" };
        var command = new ExampledCommand(
            "ls",
            "List sandboxes",
            "sleighctl ls\nsleighctl ls -w --label task=42\nsleighctl ls -q | xargs sleighctl rm\nsleighctl ls -o json | jq -r '.items[].sandbox_id'");
        foreach (Option option in (Option[])[session, label, wide])
        {
            command.Options.Add(option);
        }

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject? labels = Pairs.Parse("--label", arguments.GetValue(label));
            JsonObject all = await run.Client.GetAsync("/admin/sandboxes", run.Cancelled);
            string? owner = arguments.GetValue(session);
            if (owner is not null || labels is not null)
            {
                all["items"] = new JsonArray([.. all.Items().Where(s => Fits(s, owner, labels)).Select(s => (JsonNode?)s.DeepClone())]);
            }

            bool isWide = arguments.GetValue(wide);
            run.Show(all, a => Views.Sandboxes(a.Items(), run.Now, isWide), a => a.Items().Select(s => s.Text("sandbox_id")));
            return ExitCode.Success;
        });
    }

    /// <summary>Whether a sandbox belongs to the session (its id or the beginning of it) and has all the labels.</summary>
    internal static bool Fits(JsonObject sandbox, string? session, JsonObject? labels)
    {
        string owner = sandbox.Text("session_id") ?? "";
        bool owned = session is null || owner.StartsWith(session, StringComparison.Ordinal)
            || owner.StartsWith("sid_" + session, StringComparison.Ordinal);
        return owned && (labels is null || labels.All(l => sandbox.Object("labels").Text(l.Key) == labels.Text(l.Key)));
    }
}
