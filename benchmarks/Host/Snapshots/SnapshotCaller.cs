using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Snapshots;

/// <summary>Snapshots, rollbacks and forks as an agent calls them. Ready is who has answered a first command.</summary>
internal sealed class SnapshotCaller
{
    private readonly ApiCaller _caller;
    private readonly string _image;

    public SnapshotCaller(ApiCaller caller, string image) => (_caller, _image) = (caller, image);

    /// <summary>A sandbox with a tree of so many files and megabytes, all of it on disk.</summary>
    public async Task<string> WithTreeAsync(int files, int megabytes, CancellationToken cancellationToken)
    {
        string id = await _caller.CreateAsync(_image, cancellationToken);
        await RunAsync(id, BenchRun.MakeTree(files, megabytes * 1_000_000L), cancellationToken);
        return id;
    }

    /// <summary>Runs a script; everything it wrote is on disk afterwards.</summary>
    public Task WriteAsync(string id, string script, CancellationToken cancellationToken) =>
        RunAsync(id, ["/bin/sh", "-ec", $"{script}; sync"], cancellationToken);

    /// <summary>Runs a program that must end with 0.</summary>
    public async Task RunAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        JsonObject exec = await _caller.ExecAsync(id, new JsonObject { ["argv"] = JsonFields.Array(argv) }, cancellationToken);
        if ((string?)exec["status"] != "succeeded")
        {
            throw new CliException(ExitCode.Failure, $"{exec["id"]} in {id} ended as {exec["status"]}: {exec["error"]} {exec["stderr"]}");
        }
    }

    /// <summary>Takes a snapshot; gives it with what the daemon says of its times, and the time of the call.</summary>
    public async Task<(BenchSnapshot Snapshot, double Ms)> SnapshotAsync(string id, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        JsonObject made = await _caller.CallAsync(HttpMethod.Post, $"/sandboxes/{id}/snapshots", [], cancellationToken);
        double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return (new BenchSnapshot((string?)made["id"] ?? "", made.Number("pause_ms"), made.Number("duration_ms")), ms);
    }

    /// <summary>Rolls back; gives the time until the first command has been answered.</summary>
    public async Task<double> RollbackAsync(string id, string snapshot, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        await _caller.CallAsync(HttpMethod.Post, $"/sandboxes/{id}/rollback", new JsonObject { ["snapshot_id"] = snapshot }, cancellationToken);
        await RunAsync(id, ["/bin/true"], cancellationToken);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    /// <summary>Makes so many forks of a snapshot by one call; gives them, and the time until each has answered its first command.</summary>
    public async Task<(string[] Forks, double Ms)> ForkAsync(string id, string snapshot, int count, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        JsonObject made = await _caller.CallAsync(
            HttpMethod.Post, $"/sandboxes/{id}/fork", new JsonObject { ["snapshot_id"] = snapshot, ["count"] = count }, cancellationToken);
        string[] forks = [.. made.Items().Select(fork => fork.Text("sandbox_id") ?? "")];
        await Task.WhenAll(forks.Select(fork => RunAsync(fork, ["/bin/true"], cancellationToken)));
        double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return forks.Length == count ? (forks, ms) : throw new CliException(ExitCode.Failure, $"{count} forks were asked for, {forks.Length} were made");
    }

    /// <summary>Compares the files now with those of a snapshot, from which they must differ in one; gives the time of the call.</summary>
    public async Task<double> DiffAsync(string id, string snapshot, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        JsonObject page = await _caller.CallAsync(HttpMethod.Get, $"/sandboxes/{id}/snapshots/{snapshot}/diff", null, cancellationToken);
        double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        int items = page.Items().Count;
        return items == 1 ? ms : throw new CliException(ExitCode.Failure, $"one file was changed in {id}, and the diff has {items}: {page.ToJsonString()}");
    }

    /// <summary>Deletes a snapshot.</summary>
    public Task DropAsync(string id, string snapshot, CancellationToken cancellationToken) =>
        _caller.CallAsync(HttpMethod.Delete, $"/sandboxes/{id}/snapshots/{snapshot}", null, cancellationToken);

    /// <summary>Deletes sandboxes, a few at a time.</summary>
    public async Task DeleteAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        foreach (string[] some in ids.Chunk(8))
        {
            await Task.WhenAll(some.Select(id => _caller.CallAsync(HttpMethod.Delete, $"/sandboxes/{id}", null, cancellationToken)));
        }
    }
}
