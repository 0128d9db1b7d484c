using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>How long a neighbour's commands take alone, and while another sandbox does its worst.</summary>
internal sealed class NeighbourPart
{
    private const int WarmUp = 20;
    private const double MostSlower = 2;
    private static readonly TimeSpan TakeHold = TimeSpan.FromSeconds(3);

    private readonly ApiCaller _caller;
    private readonly string _image;
    private readonly SlotFolders _folders;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;
    private readonly List<string> _skipped = [];

    public NeighbourPart(ApiCaller caller, string image, SlotFolders folders, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_caller, _image, _folders, _results, _bounds, _progress) = (caller, image, folders, results, bounds, progress);

    /// <summary>What this host cannot give, one sentence each.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Each attack alone, then all at once; before each the same commands without any.</summary>
    public async Task MeasureAsync(int execs, CancellationToken cancellationToken)
    {
        string neighbour = await CreateAsync([], cancellationToken);
        List<Attack> possible = await PossibleAsync(cancellationToken);
        foreach (Attack attack in possible)
        {
            await MeasureAsync(neighbour, attack.Name, [attack], execs, cancellationToken);
        }

        await MeasureAsync(neighbour, $"{possible.Count} of them at once", possible, execs, cancellationToken);
        await _caller.DeleteAsync(neighbour, cancellationToken);
    }

    private async Task<List<Attack>> PossibleAsync(CancellationToken cancellationToken)
    {
        List<Attack> possible = [];
        foreach (Attack attack in Attack.All)
        {
            string id;
            try
            {
                id = await CreateAsync(attack.Sandbox(), cancellationToken);
            }
            catch (CliException e)
            {
                _skipped.Add($"{attack.Name}: {e.Message}");
                continue;
            }

            JsonObject? took = attack.NeedsMemoryLimit
                ? await _caller.ExecAsync(id, new JsonObject { ["argv"] = JsonFields.Array(Attack.TooMuchMemory) }, cancellationToken) : null;
            await _caller.DeleteAsync(id, cancellationToken);
            if (took.Text("status") == "succeeded")
            {
                _skipped.Add($"{attack.Name}: nothing on this host holds a sandbox at its limit of memory");
                continue;
            }

            possible.Add(attack);
        }

        return possible;
    }

    private async Task MeasureAsync(string neighbour, string name, List<Attack> attacks, int execs, CancellationToken cancellationToken)
    {
        _progress($"a neighbour's commands: {name}");
        await _folders.SettleAsync(alive: 1, connected: true, connectedAlive: 1, cancellationToken);
        string alone = $"exec /bin/true, alone before {name}";
        string beside = $"exec /bin/true beside {name}";
        (long busy, long all) = ProcessTable.CpuTicks();
        await ExecsAsync(neighbour, alone, execs, cancellationToken);
        NoteBusy(alone, busy, all);
        List<(Attack Attack, string Sandbox, string Exec)> begun = [];
        List<string> sandboxes = [];
        foreach (Attack attack in attacks)
        {
            string id = await CreateAsync(attack.Sandbox(), cancellationToken);
            sandboxes.Add(id);
            foreach (string[] argv in attack.Commands)
            {
                JsonObject exec = await _caller.CallAsync(
                    HttpMethod.Post, $"/sandboxes/{id}/exec", new JsonObject { ["argv"] = JsonFields.Array(argv) }, cancellationToken);
                begun.Add((attack, id, exec.Text("id") ?? ""));
            }
        }

        await Task.Delay(TakeHold, cancellationToken);
        (busy, all) = ProcessTable.CpuTicks();
        await ExecsAsync(neighbour, beside, execs, cancellationToken);
        NoteBusy(beside, busy, all);
        await RequireUnderWayAsync(beside, begun, cancellationToken);
        foreach (string id in sandboxes)
        {
            await _caller.DeleteAsync(id, cancellationToken);
        }

        foreach (double share in (double[])[0.5, 0.99])
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"exec beside {name} to alone: p{share * 100:0}");
            _bounds.AtMost(what, "x", _results.Of(beside, Bounds.Ours).Percentile(share) / _results.Of(alone, Bounds.Ours).Percentile(share), MostSlower);
        }
    }

    // The kernel may choose a shell that starts bombs in place of the bomb, so one command of each attack is enough.
    private async Task RequireUnderWayAsync(string beside, List<(Attack Attack, string Sandbox, string Exec)> begun, CancellationToken cancellationToken)
    {
        foreach (IGrouping<Attack, (Attack Attack, string Sandbox, string Exec)> attack in begun.GroupBy(b => b.Attack))
        {
            List<string> ended = [];
            foreach ((_, string sandbox, string exec) in attack)
            {
                JsonObject now = await _caller.GetAsync($"/sandboxes/{sandbox}/exec/{exec}", cancellationToken);
                if (now.Text("status") != "running")
                {
                    ended.Add($"{exec} is {now.Text("status")}: {now.Text("error")} {now.Text("stderr")}");
                }
            }

            if (ended.Count == attack.Count())
            {
                _results.Fail(beside, Bounds.Ours, $"{attack.Key.Name} has ended before the neighbour's commands had: {string.Join("; ", ended)}");
            }
        }
    }

    // What the attack takes of the host shows here, or it would prove nothing.
    private void NoteBusy(string during, long busyBefore, long allBefore)
    {
        (long busy, long all) = ProcessTable.CpuTicks();
        _bounds.Note($"{during}: CPUs busy", "%", 100.0 * (busy - busyBefore) / Math.Max(1, all - allBefore));
    }

    private async Task ExecsAsync(string id, string series, int execs, CancellationToken cancellationToken)
    {
        for (int i = -WarmUp; i < execs; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            JsonObject exec = await _caller.ExecAsync(id, new JsonObject { ["argv"] = new JsonArray("/bin/true") }, cancellationToken);
            double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            if (exec.Text("status") != "succeeded")
            {
                throw new CliException(ExitCode.Failure, $"{series}: {exec.Text("id")} ended as {exec.Text("status")}: {exec.Text("error")}");
            }

            if (i >= 0)
            {
                _results.Of(series, Bounds.Ours).Add(ms);
            }
        }
    }

    private async Task<string> CreateAsync(JsonObject body, CancellationToken cancellationToken)
    {
        (body["image"], body["network"]) = (_image, "bridge");
        return (await _caller.CallAsync(HttpMethod.Post, "/sandboxes", body, cancellationToken)).Text("sandbox_id") ?? "";
    }
}
