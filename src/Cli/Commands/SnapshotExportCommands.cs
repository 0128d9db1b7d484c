using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;
using Sleigh.Cli.Output;
using Sleigh.Cli.Progress;

namespace Sleigh.Cli.Commands;

/// <summary><c>snapshot export</c> and <c>snapshot to-image</c>.</summary>
internal static class SnapshotExportCommands
{
    private const string Examples = """
        sleighctl snapshot export before -f before.tar
        sleighctl snapshot export snap_a1b2 -f - --name app:1 | docker load
        sleighctl snapshot export before -f before.tar.zst --format tar.zst
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <summary><c>snapshot export</c>: a file appears whole or not at all.</summary>
    public static Command Export(CommandHost host)
    {
        Argument<string> snapshot = Snapshot();
        var file = new Option<string>("--file", "-f") { Description = "Where to; - writes standard output", HelpName = "FILE", Required = true };
        var format = new Option<string?>("--format") { Description = "An image, or all files as a tar [default: oci]", HelpName = "oci|tar.zst" };
        var compression = new Option<string?>("--compression") { Description = "Of the image's new layer [default: gzip]", HelpName = "gzip|zstd" };
        var name = new Option<string?>("--name") { Description = "The image's name in the file [default: sleigh/snapshot:ID]", HelpName = "NAME" };
        var command = new ExampledCommand("export", "Write a snapshot into a file, as an image or as a tar", Examples);
        command.Arguments.Add(snapshot);
        command.Options.Add(file);
        command.Options.Add(format);
        command.Options.Add(compression);
        command.Options.Add(name);

        return host.Runs(command, async (arguments, run) =>
        {
            (string sandbox, string id) = await Lookup.AnySnapshotAsync(run.Client, arguments.GetRequiredValue(snapshot), run.Cancelled);
            string query = string.Join('&', new[]
            {
                ("format", arguments.GetValue(format)), ("compression", arguments.GetValue(compression)), ("name", arguments.GetValue(name)),
            }.Where(part => part.Item2 is not null).Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}"));
            string path = arguments.GetRequiredValue(file);
            long bytes = await ProgressView.RunAsync(run, view => ReceiveAsync(run, $"/sandboxes/{sandbox}/snapshots/{id}/export?{query}", path, view));
            if (run.IsForProgram && path != "-")
            {
                run.Show(new JsonObject { ["snapshot_id"] = id, ["file"] = path, ["bytes"] = bytes }, _ => "");
            }

            run.Remark($"{id}: {Human.Bytes(bytes)}");
            return ExitCode.Success;
        });
    }

    /// <summary><c>snapshot to-image</c>: standard output is the image's name alone.</summary>
    public static Command ToImage(CommandHost host)
    {
        Argument<string> snapshot = Snapshot();
        var name = new Argument<string>("NAME") { Description = "The image's name; one that exists then means the new image" };
        var command = new ExampledCommand(
            "to-image", "Make an image of this host of a snapshot", "sleighctl snapshot to-image before app:1\nsleighctl create app:1 --name web2");
        command.Arguments.Add(snapshot);
        command.Arguments.Add(name);

        return host.Runs(command, async (arguments, run) =>
        {
            (_, string id) = await Lookup.AnySnapshotAsync(run.Client, arguments.GetRequiredValue(snapshot), run.Cancelled);
            JsonObject image = await run.Client.PostAsync(
                $"/admin/snapshots/{id}/image", new JsonObject { ["name"] = arguments.GetRequiredValue(name) }, run.Cancelled, Longest);
            ImageCommands.ShowMade(run, image);
            return ExitCode.Success;
        });
    }

    private static async Task<long> ReceiveAsync(Invocation run, string target, string path, IProgressView view)
    {
        await using OpenReply reply = await run.Client.OpenAsync(target, run.Cancelled, timeout: Longest);
        if (path == "-")
        {
            return await CopyAsync(reply, run.Terminal.Output, view, run.Cancelled);
        }

        try
        {
            return await WriteAsync($"{path}.part", path, to => CopyAsync(reply, to, view, run.Cancelled));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"cannot write {Human.OneLine(path)}: {ex.Message}", null, ex);
        }
    }

    // Beside it, and renamed: what has the name is whole.
    private static async Task<long> WriteAsync(string draft, string path, Func<Stream, Task<long>> write)
    {
        await using FileStream to = File.Create(draft);
        try
        {
            long bytes = await write(to);
            File.Move(draft, path, overwrite: true);
            return bytes;
        }
        finally
        {
            File.Delete(draft);
        }
    }

    private static async Task<long> CopyAsync(Stream from, Stream to, IProgressView view, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[256 * 1024];
        long bytes = 0;
        for (int read; (read = await from.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            bytes += read;
            view.Report("export", "receiving", bytes, null);
        }

        await to.FlushAsync(cancellationToken);
        return bytes;
    }

    private static Argument<string> Snapshot() => new("SNAPSHOT") { Description = "Its id or name" };
}
