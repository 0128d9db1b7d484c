using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Progress;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl image import</c>: an image from a tar.</summary>
internal static class ImageImportCommand
{
    private const string Examples = """
        docker save python:3.11-slim | sleighctl image import -
        sleighctl image import app.tar --name app:1
        sleighctl image import before.tar.zst --tree --name before:1 --config-from debian:12
        """;

    public static Command Build(CommandHost host)
    {
        var file = new Argument<string>("FILE") { Description = "A tar, plain or compressed with gzip or zstd; - reads standard input" };
        var name = new Option<string?>("--name") { Description = "The image's name [default: the archive's own]", HelpName = "NAME" };
        var tree = new Option<bool>("--tree") { Description = "The tar is a file tree, not an OCI image layout or docker save; needs --name" };
        var configFrom = new Option<string?>("--config-from") { Description = "With --tree: the image whose environment, user and command it gets", HelpName = "IMAGE" };
        var command = new ExampledCommand("import", "Import an image from a tar", Examples);
        command.Arguments.Add(file);
        command.Options.Add(name);
        command.Options.Add(tree);
        command.Options.Add(configFrom);

        return host.Runs(command, async (arguments, run) =>
        {
            string path = arguments.GetRequiredValue(file);
            await using Stream archive = path == "-" ? run.Terminal.Input : Open(path);
            string query = Query(
                ("name", arguments.GetValue(name)), ("as", arguments.GetValue(tree) ? "tree" : null), ("config_from", arguments.GetValue(configFrom)));
            JsonObject answer = await ProgressView.RunAsync(run, view => run.Client.UploadAsync(
                "POST", $"/admin/images/import{query}", (body, token) => CopyAsync(archive, path, body, view, token), run.Cancelled));
            ImageCommands.ShowMade(run, answer);
            return ExitCode.Success;
        });
    }

    private static string Query(params IEnumerable<(string Key, string? Value)> parts)
    {
        string[] sent = [.. parts.Where(part => part.Value is not null).Select(part => $"{part.Key}={Uri.EscapeDataString(part.Value!)}")];
        return sent.Length == 0 ? "" : "?" + string.Join('&', sent);
    }

    // A read that fails must not look like a connection that broke.
    private static async Task CopyAsync(Stream archive, string path, Stream body, IProgressView view, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[256 * 1024];
        long? total = archive.CanSeek ? archive.Length : null;
        long sent = 0;
        for (int read; (read = await ReadAsync()) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            sent += read;
            view.Report("import", sent == total ? "unpacking" : "sending", sent, total);
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
