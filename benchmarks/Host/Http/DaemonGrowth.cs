using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Http;

/// <summary>Whether the daemon's memory stays as it is: over many commands, and over one that prints much.</summary>
internal sealed class DaemonGrowth
{
    // Before the first look: code is loaded and the heap finds its size.
    private const int WarmUp = 2000;
    private const int Looks = 10;
    private const double MostGrowth = 20;

    private readonly ApiCaller _caller;
    private readonly int _daemon;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;
    private readonly List<Figure> _figures = [];

    public DaemonGrowth(ApiCaller caller, int daemon, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_caller, _daemon, _results, _bounds, _progress) = (caller, daemon, results, bounds, progress);

    /// <summary>Looks on the way.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Runs commands one after the other; the growth is that of the highest look above the first one.</summary>
    public async Task OverExecsAsync(string sandbox, int execs, CancellationToken cancellationToken)
    {
        _progress($"memory over {execs} execs");
        await RunAsync(sandbox, Math.Min(WarmUp, execs), cancellationToken);
        double first = Look($"daemon, before {execs} execs: resident");
        double highest = first;
        int done = 0;
        for (int look = 1; look <= Looks; look++)
        {
            int until = execs * look / Looks;
            await RunAsync(sandbox, until - done, cancellationToken);
            done = until;
            highest = Math.Max(highest, Look(string.Create(CultureInfo.InvariantCulture, $"daemon, after {done} execs: resident")));
        }

        _bounds.AtMost($"daemon, over {execs} execs: growth of resident memory", "MiB", highest - first, MostGrowth);
    }

    /// <summary>Runs one command that prints so many MiB, and looks at the daemon each tenth of a second.</summary>
    public async Task OverOutputAsync(string sandbox, int mebibytes, CancellationToken cancellationToken)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"daemon, over one exec that prints {mebibytes} MiB: growth of resident memory");
        _progress($"memory over one exec that prints {mebibytes} MiB");
        long bytes = mebibytes * 1024L * 1024;
        double first = ProcessMemory.ResidentMib(_daemon);
        double highest = first;
        Task<JsonObject> exec = _caller.ExecAsync(sandbox, new JsonObject { ["command"] = $"yes sleigh | head -c {bytes}" }, cancellationToken);
        while (!exec.IsCompleted)
        {
            highest = Math.Max(highest, ProcessMemory.ResidentMib(_daemon));
            await Task.WhenAny(exec, Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken));
        }

        highest = Math.Max(highest, ProcessMemory.ResidentMib(_daemon));
        JsonObject result = await exec;
        if ((long?)result["stdout_bytes"] != bytes || (string?)result["status"] != "succeeded")
        {
            _results.Fail(name, Bounds.Ours, $"{result["id"]} ended as {result["status"]} with {result["stdout_bytes"]} bytes: {result["error"]}");
        }

        _bounds.AtMost(name, "MiB", highest - first, MostGrowth);
    }

    private async Task RunAsync(string sandbox, int execs, CancellationToken cancellationToken)
    {
        for (int i = 0; i < execs; i++)
        {
            await _caller.ExecAsync(sandbox, new JsonObject { ["argv"] = new JsonArray("/bin/true") }, cancellationToken);
        }
    }

    private double Look(string name)
    {
        double resident = ProcessMemory.ResidentMib(_daemon);
        _figures.Add(new Figure(name, "MiB", Bounds.Ours, resident));
        return resident;
    }
}
