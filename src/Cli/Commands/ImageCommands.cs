using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl image</c>: list, pull, import, bootstrap, remove, prune.</summary>
internal static class ImageCommands
{
    public static Command Build(CommandHost host) => new("image", "List, pull, import, make and remove images")
    {
        Ls(host), ImagePullCommand.Build(host), ImageImportCommand.Build(host), BootstrapCommand(host), Rm(host), Prune(host),
    };

    /// <summary>One image may come back as itself or in a list.</summary>
    public static void ShowMade(Invocation run, JsonObject answer) => run.Show(
        answer,
        a => string.Concat(Names(a).Select(name => $"{Human.OneLine(name ?? "")}\n")),
        Names);

    /// <summary>The image that a series of lines ended with; what fails after the first line can only be told in the last one.</summary>
    public static JsonObject Last(JsonObject? line, string call) => line.Object("image")
        ?? throw (line.Text("error") is not null
            ? new ApiException(500, line!, call)
            : new CliException(ExitCode.Failure, "the daemon's answer ended without an image", "look at its log, then try again"));

    private static Command Ls(CommandHost host) => host.Runs(
        new ExampledCommand("ls", "List the images on this host", "sleighctl image ls\nsleighctl image ls -q"),
        async (_, run) =>
        {
            JsonObject all = await run.Client.GetAsync("/admin/images", run.Cancelled);
            run.Show(all, a => Views.Images(a.Items(), run.Now), Names);
            return ExitCode.Success;
        });

    private static Command BootstrapCommand(CommandHost host)
    {
        var name = new Argument<string>("NAME") { Description = "The image's name" };
        var suite = new Option<string>("--suite") { Description = "Debian's release", HelpName = "SUITE", DefaultValueFactory = _ => "bookworm" };
        var include = new Option<string?>("--include") { Description = "Packages beyond the smallest system, parted by commas", HelpName = "LIST" };
        var command = new ExampledCommand(
            "bootstrap",
            "Make an image from Debian packages; the daemon's host needs mmdebstrap",
            "sleighctl image bootstrap base\nsleighctl image bootstrap python --suite bookworm --include python3,git");
        command.Arguments.Add(name);
        command.Options.Add(suite);
        command.Options.Add(include);

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject body = new() { ["name"] = arguments.GetRequiredValue(name), ["suite"] = arguments.GetValue(suite) };
            string[] packages = (arguments.GetValue(include) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (packages.Length > 0)
            {
                body["include"] = JsonFields.Array(packages);
            }

            JsonObject? last = null;
            await run.Client.PostForLinesAsync(
                "/admin/images/bootstrap",
                body,
                line =>
                {
                    last = line;
                    if (line.Text("progress") is { } progress)
                    {
                        run.Remark(Human.OneLine(progress));
                    }
                },
                run.Cancelled);
            ShowMade(run, Last(last, "POST /admin/images/bootstrap"));
            return ExitCode.Success;
        });
    }

    private static Command Rm(CommandHost host)
    {
        var names = new Argument<string[]>("IMAGE") { Description = "Names", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand("rm", "Remove images that no sandbox stands on", "sleighctl image rm app:1");
        command.Arguments.Add(names);

        return host.Runs(command, async (arguments, run) => await Removal.RunAsync(run, arguments.GetValue(names)!, async image =>
        {
            await run.Client.DeleteAsync($"/admin/images?name={Uri.EscapeDataString(image)}", run.Cancelled);
            return image;
        }));
    }

    private static Command Prune(CommandHost host)
    {
        var unused = new Option<string?>("--unused-for") { Description = "Only images that nothing has used for this long, such as 12h or 7d", HelpName = "TIME" };
        var dry = new Option<bool>("--dry-run") { Description = "Show what would go, and remove nothing" };
        var command = new ExampledCommand(
            "prune",
            "Remove the images that no sandbox, snapshot or setting needs",
            "sleighctl image prune --dry-run\nsleighctl image prune --unused-for 7d");
        command.Options.Add(unused);
        command.Options.Add(dry);
        unused.Validators.Add(result =>
        {
            if (result.GetValue(unused) is { } text && Durations.Seconds(text) is null)
            {
                result.AddError($"--unused-for is '{text}', must be a number with s, m, h, d or w behind it, such as 7d");
            }
        });

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject body = [];
            if (arguments.GetValue(unused) is { } text)
            {
                body["unused_for_seconds"] = Durations.Seconds(text);
            }

            bool tries = arguments.GetValue(dry);
            if (tries)
            {
                body["dry_run"] = true;
            }

            JsonObject answer = await run.Client.PostAsync("/admin/images/prune", body, run.Cancelled, TimeSpan.FromMinutes(30));
            run.Show(answer, a => a.Items().Count == 0 ? "" : Views.Images(a.Items(), run.Now), Names);
            run.Remark($"{answer.Items().Count} {(answer.Items().Count == 1 ? "image" : "images")}, {Human.Bytes(answer.Number("freed_bytes") ?? 0)}{(tries ? " would be freed" : " freed")}");
            return ExitCode.Success;
        });
    }

    private static IEnumerable<string?> Names(JsonObject answer) =>
        (answer.Text("name") is not null ? [answer] : answer.Items()).Select(i => i.Text("name"));
}
