using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl image</c>: list, import, bootstrap, remove.</summary>
internal static class ImageCommands
{
    public static Command Build(CommandHost host) => new("image", "List, import, make and remove images")
    {
        Ls(host), Import(host), BootstrapCommand(host), Rm(host),
    };

    private static Command Ls(CommandHost host) => host.Runs(
        new ExampledCommand("ls", "List the images on this host", "sleighctl image ls"),
        async (_, run) =>
        {
            JsonObject all = await run.Client.GetAsync("/admin/images", run.Cancelled);
            run.Show(all, a => Views.Images(a.Items(), run.Now));
            return ExitCode.Success;
        });

    private static Command Import(CommandHost host)
    {
        var file = new Argument<string>("FILE") { Description = "A tar: OCI image layout or docker save; - reads standard input" };
        var name = new Option<string?>("--name") { Description = "The image's name [default: the archive's own]", HelpName = "NAME" };
        var command = new ExampledCommand(
            "import", "Import an image from a tar", "docker save python:3.11-slim | sleighctl image import -\nsleighctl image import app.tar --name app:1");
        command.Arguments.Add(file);
        command.Options.Add(name);

        return host.Runs(command, async (arguments, run) =>
        {
            string path = arguments.GetRequiredValue(file);
            await using Stream archive = path == "-" ? run.Terminal.Input : Open(path);
            string query = arguments.GetValue(name) is { } given ? $"?name={Uri.EscapeDataString(given)}" : "";
            ShowImported(run, await run.Client.UploadAsync(
                $"/admin/images/import{query}", (body, token) => CopyAsync(archive, path, body, token), run.Cancelled));
            return ExitCode.Success;
        });
    }

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

            // What fails after the first line of progress can only be told in the last one.
            if (last.Object("image") is not { } image)
            {
                throw last.Text("error") is not null
                    ? new ApiException(500, last!, "POST /admin/images/bootstrap")
                    : new CliException(ExitCode.Failure, "the daemon's answer ended without an image", "look at its log, then try again");
            }

            ShowImported(run, image);
            return ExitCode.Success;
        });
    }

    private static Command Rm(CommandHost host)
    {
        var name = new Argument<string>("NAME") { Description = "The image's name" };
        var command = new ExampledCommand("rm", "Remove an image that no sandbox stands on", "sleighctl image rm app:1");
        command.Arguments.Add(name);

        return host.Runs(command, async (arguments, run) =>
        {
            string image = arguments.GetRequiredValue(name);
            await run.Client.DeleteAsync($"/admin/images?name={Uri.EscapeDataString(image)}", run.Cancelled);
            run.Show(new JsonObject { ["removed"] = JsonFields.Array([image]) }, _ => $"{Human.OneLine(image)}\n");
            return ExitCode.Success;
        });
    }

    // One image may come back as itself or in a list.
    private static void ShowImported(Invocation run, JsonObject answer) => run.Show(answer, a =>
        string.Concat((a.Text("name") is not null ? [a] : a.Items()).Select(i => $"{Human.OneLine(i.Text("name") ?? "")}\n")));

    // A read that fails must not look like a connection that broke.
    private static async Task CopyAsync(Stream archive, string path, Stream body, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[256 * 1024];
        for (int read; (read = await ReadAsync()) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        async Task<int> ReadAsync()
        {
            try
            {
                return await archive.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                throw Unreadable(path, ex);
            }
        }
    }

    private static CliException Unreadable(string path, Exception cause) =>
        new(ExitCode.Failure, $"cannot read {path}: {cause.Message}", null, cause);

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, ex);
        }
    }
}
