using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;
using Sleigh.Cli.Progress;

namespace Sleigh.Cli.Copy;

/// <summary>Carries files between this machine and a sandbox, as a tar that is written and read piece by piece.</summary>
internal sealed class CopyRun
{
    private readonly SleighClient _client;
    private readonly Terminal _terminal;
    private readonly IProgressView _view;
    private readonly CancellationToken _cancelled;

    public CopyRun(SleighClient client, Terminal terminal, IProgressView view, CancellationToken cancelled)
    {
        _client = client;
        _terminal = terminal;
        _view = view;
        _cancelled = cancelled;
    }

    /// <summary>What was carried.</summary>
    public CopyTotals Totals { get; } = new();

    /// <summary>From here to a sandbox.</summary>
    /// <returns>The directory inside that was written to.</returns>
    public async Task<string> UploadAsync(string source, string sandboxId, string target)
    {
        if (source == "-")
        {
            await PutAsync(sandboxId, CopyPlace.Trim(target), body => CopyAsync(_terminal.Input, body, null));
            return CopyPlace.Trim(target);
        }

        // A slash behind a link means what it leads to.
        var place = new CopyPlace(null, source);
        string path = Path.GetFullPath(CopyPlace.Trim(source));
        string name = Path.GetFileName(path);
        path = place.EndsWithSlash || place.MeansContents ? new FileInfo(path).ResolveLinkTarget(true)?.FullName ?? path : path;
        bool isLink = new FileInfo(path).LinkTarget is not null;
        bool isDirectory = !isLink && Directory.Exists(path);
        if (!isLink && !isDirectory && !File.Exists(path))
        {
            throw new CliException(ExitCode.Failure, $"there is no {Output.Human.OneLine(source)} on this machine");
        }

        Landing landing = Landing.Decide(
            isDirectory, place.MeansContents, name, target, await KindAsync(sandboxId, CopyPlace.Trim(target)));
        long total = LocalTree.Measure(path);
        var tree = new LocalTree(path, landing.Name, Totals, () => _view.Report("copy", name, Totals.Bytes, total));
        await PutAsync(sandboxId, landing.Folder, body => tree.WriteAsync(body, _cancelled));
        return landing.Folder;
    }

    /// <summary>From a sandbox to here.</summary>
    public async Task DownloadAsync(string sandboxId, string source, string target)
    {
        string path = CopyPlace.Trim(source);
        if (target == "-")
        {
            await using OpenReply whole = await GetAsync(sandboxId, path);
            await CopyAsync(whole, _terminal.Output, null);
            return;
        }

        JsonObject stat = await StatAsync(sandboxId, path);
        bool isDirectory = stat.Text("kind") == "dir";
        long? total = isDirectory ? null : stat.Number("size");
        PathKind there = Directory.Exists(target) ? PathKind.Directory : File.Exists(target) ? PathKind.File : PathKind.Nothing;
        string name = CopyPlace.BaseName(path);
        Landing landing = LocalLanding(isDirectory, source, name, target, there);
        await using OpenReply archive = await GetAsync(sandboxId, path);
        var extract = new SafeExtract(
            landing.Folder, member => Rename(member, name, landing.Name), Totals, () => _view.Report("copy", name, Totals.Bytes, total));
        await extract.RunAsync(archive, _cancelled);
        await archive.CopyToAsync(Stream.Null, _cancelled);
    }

    /// <summary>
    /// A member's name where it lands. Names in the archive begin with the copied thing's own name, which is replaced. Pure.
    /// </summary>
    internal static string? Rename(string member, string name, string? newName)
    {
        string trimmed = member.StartsWith("./", StringComparison.Ordinal) ? member[2..] : member;
        string rest = name.Length == 0 ? trimmed
            : trimmed == name || trimmed == name + "/" ? ""
            : trimmed.StartsWith(name + "/", StringComparison.Ordinal) ? trimmed[(name.Length + 1)..]
            : trimmed;
        return newName is null ? rest : rest.Length == 0 ? newName : $"{newName}/{rest}";
    }

    // Relative paths are this process's; a name without a directory lies in the present one.
    private static Landing LocalLanding(bool isDirectory, string source, string name, string target, PathKind there)
    {
        bool contentsOnly = new CopyPlace("", source).MeansContents || name.Length == 0;
        return Landing.Decide(isDirectory, contentsOnly, name, Absolute(target), there);
    }

    private static string Absolute(string target)
    {
        string full = Path.GetFullPath(target);
        return target.EndsWith('/') && !full.EndsWith('/') ? full + "/" : full;
    }

    private async Task<PathKind> KindAsync(string sandboxId, string path)
    {
        try
        {
            JsonObject stat = await StatAsync(sandboxId, path);
            if (stat.Text("kind") != "symlink")
            {
                return stat.Text("kind") == "dir" ? PathKind.Directory : PathKind.File;
            }
        }
        catch (ApiException ex) when (ex.Status == 404)
        {
            return PathKind.Nothing;
        }

        // What a link leads to shows with a slash behind it, if it is a directory.
        try
        {
            return (await StatAsync(sandboxId, path + "/.")).Text("kind") == "dir" ? PathKind.Directory : PathKind.File;
        }
        catch (ApiException ex) when (ex.Status is 400 or 404)
        {
            return PathKind.File;
        }
    }

    private Task<JsonObject> StatAsync(string sandboxId, string path) =>
        _client.GetAsync($"/sandboxes/{sandboxId}/files/stat?path={Uri.EscapeDataString(path)}", _cancelled);

    private Task<OpenReply> GetAsync(string sandboxId, string path) =>
        _client.OpenAsync($"/sandboxes/{sandboxId}/files/archive?path={Uri.EscapeDataString(path)}", _cancelled, "application/x-tar");

    private async Task PutAsync(string sandboxId, string folder, Func<Stream, Task> write) => await _client.UploadAsync(
        "PUT", $"/sandboxes/{sandboxId}/files/archive?path={Uri.EscapeDataString(folder)}", (body, _) => write(body), _cancelled);

    private async Task CopyAsync(Stream from, Stream to, long? total)
    {
        byte[] buffer = new byte[128 * 1024];
        for (int read; (read = await from.ReadAsync(buffer, _cancelled)) > 0;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), _cancelled);
            Totals.Bytes += read;
            _view.Report("copy", "tar", Totals.Bytes, total);
        }

        await to.FlushAsync(_cancelled);
    }
}
