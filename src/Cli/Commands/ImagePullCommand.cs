using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;
using Sleigh.Cli.Progress;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl image pull</c>: an image from its registry, with a bar for each layer.</summary>
internal static class ImagePullCommand
{
    public static Command Build(CommandHost host)
    {
        var name = new Argument<string>("NAME") { Description = "The image, with registry and tag where it has them" };
        var platform = new Option<string?>("--platform") { Description = "Such as linux/arm64 [default: this host's]", HelpName = "OS/ARCHITECTURE" };
        var command = new ExampledCommand(
            "pull", "Get an image from its registry", "sleighctl image pull python:3.11-slim\nsleighctl image pull registry.example:5000/team/app:1 --platform linux/amd64");
        command.Arguments.Add(name);
        command.Options.Add(platform);

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject body = new() { ["name"] = arguments.GetRequiredValue(name) };
            if (arguments.GetValue(platform) is { } wanted)
            {
                body["platform"] = wanted;
            }

            long start = run.Time.GetTimestamp();
            JsonObject image = await ProgressView.RunAsync(run, view => PullAsync(run, body, view));
            if (!run.IsForProgram)
            {
                ImageCommands.ShowMade(run, image);
                run.Remark($"{Human.Bytes(image.Number("size_bytes") ?? 0)} in {Human.Age(run.Time.GetElapsedTime(start))}");
            }

            return ExitCode.Success;
        });
    }

    private static async Task<JsonObject> PullAsync(Invocation run, JsonObject body, IProgressView view)
    {
        var progress = new PullProgress(view);
        JsonObject? last = null;
        await run.Client.PostForLinesAsync(
            "/admin/images/pull",
            body,
            line =>
            {
                last = line;
                if (run.IsForProgram && line.Text("error") is null)
                {
                    run.ShowNext(line, _ => "");
                }

                if (line.Object("pull") is { } pull)
                {
                    progress.Show(pull);
                }
            },
            run.Cancelled);
        return ImageCommands.Last(last, "POST /admin/images/pull");
    }
}
