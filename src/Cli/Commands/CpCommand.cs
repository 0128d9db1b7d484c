using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Copy;
using Sleigh.Cli.Output;
using Sleigh.Cli.Progress;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl cp</c>: files and directories to a sandbox and back.</summary>
internal static class CpCommand
{
    private const string Rules = """
        sleighctl cp app.py web:/srv/             a file into a directory; one named with / at its end is made
        sleighctl cp app.py web:/srv/main.py      a file under another name, over what stands there
        sleighctl cp ./site web:/srv              a directory: into /srv where that exists, else it becomes /srv
        sleighctl cp ./site/. web:/srv            what is in the directory, into /srv
        sleighctl cp web:/var/log/app.log .
        sleighctl cp web:/etc - | tar -tv         as a tar on standard output
        tar -c . | sleighctl cp - web:/srv        a tar from standard input, unpacked below /srv

        Links are copied as links. What comes in belongs to root inside, what comes out to you. Devices, pipes and sockets are left out.
        """;

    public static Command Build(CommandHost host)
    {
        var source = new Argument<string>("SRC") { Description = "A path here, SANDBOX:/path, or - for a tar on standard input", HelpName = "SRC" };
        var target = new Argument<string>("DST") { Description = "SANDBOX:/path, a path here, or - for a tar on standard output", HelpName = "DST" };
        var command = new ExampledCommand("cp", "Copy files and directories to a sandbox or out of it", Rules);
        command.Arguments.Add(source);
        command.Arguments.Add(target);

        return host.Runs(command, async (arguments, run) =>
        {
            CopyPlace from = CopyPlace.Parse(arguments.GetRequiredValue(source));
            CopyPlace to = CopyPlace.Parse(arguments.GetRequiredValue(target));
            Check(from, to);
            string id = await Lookup.SandboxAsync(run.Client, from.Sandbox ?? to.Sandbox!, run.Cancelled);
            CopyTotals totals = await ProgressView.RunAsync(run, async view =>
            {
                var copy = new CopyRun(run.Client, run.Terminal, view, run.Cancelled);
                await (from.Sandbox is null ? copy.UploadAsync(from.Path, id, to.Path) : copy.DownloadAsync(id, from.Path, to.Path));
                return copy.Totals;
            });

            if (run.IsForProgram && !to.IsStream)
            {
                run.Show(new JsonObject { ["sandbox_id"] = id, ["members"] = totals.Members, ["bytes"] = totals.Bytes, ["skipped"] = totals.SkippedCount }, _ => "");
            }

            string members = totals.Members switch { 0 => "", 1 => "1 member, ", var count => $"{count} members, " };
            run.Remark($"{members}{Human.Bytes(totals.Bytes)}");
            if (totals.SkippedCount > 0)
            {
                long more = totals.SkippedCount - totals.Skipped.Count;
                string names = Human.OneLine(string.Join(", ", totals.Skipped));
                run.Remark($"left out, being no files: {names}{(more > 0 ? $" and {more} more" : "")}");
            }

            return ExitCode.Success;
        });
    }

    private static void Check(CopyPlace from, CopyPlace to)
    {
        if (from.Sandbox is not null && to.Sandbox is not null)
        {
            throw new CliException(
                ExitCode.Usage,
                "both places are in sandboxes; one must be here",
                $"sleighctl cp {from.Sandbox}:{from.Path} - | sleighctl cp - {to.Sandbox}:{to.Path}");
        }

        if (from.Sandbox is null && to.Sandbox is null)
        {
            throw new CliException(ExitCode.Usage, "neither place is in a sandbox", "write the sandbox's name or id, a colon and an absolute path, as web:/srv");
        }
    }
}
