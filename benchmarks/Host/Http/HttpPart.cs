using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Http;

/// <summary>What the issue of the HTTP API promises of commands and lists, over TCP with connections that are kept open.</summary>
internal sealed class HttpPart
{
    private const int Alive = 10;
    private const int Shared = 5;
    private const int AtOnce = 200;
    private const int WarmUp = 50;
    private const int Lists = 100;
    private const double MostExecP50 = 5;
    private const double MostExecP99 = 20;
    private const double MostListP50 = 20;

    private readonly ApiCaller _caller;
    private readonly string _image;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;
    private readonly List<string> _sandboxes = [];

    public HttpPart(ApiCaller caller, string image, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_caller, _image, _results, _bounds, _progress) = (caller, image, results, bounds, progress);

    /// <summary>Sandboxes that are alive, oldest first.</summary>
    public IReadOnlyList<string> Sandboxes => _sandboxes;

    /// <summary>Makes sandboxes until there are so many.</summary>
    public async Task MakeAsync(int count, CancellationToken cancellationToken)
    {
        while (_sandboxes.Count < count)
        {
            _sandboxes.Add(await _caller.CreateAsync(_image, cancellationToken));
        }
    }

    /// <summary>Waited commands one after the other, in ten sandboxes in turn.</summary>
    public async Task ExecsAsync(int count, CancellationToken cancellationToken)
    {
        await MakeAsync(Alive, cancellationToken);
        foreach ((string how, string[] onHost, Func<JsonObject> body) in ((string, string[], Func<JsonObject>)[])
        [
            ("by the shell", ["sh", "-lc", "/bin/true"], () => new JsonObject { ["command"] = "/bin/true" }),
            ("without a shell", ["/bin/true"], () => new JsonObject { ["argv"] = new JsonArray("/bin/true") }),
        ])
        {
            string bare = $"/bin/true {how}, started on the host itself, in turn with it";
            Series host = _results.Of(bare, Bounds.Ours);
            string name = $"exec /bin/true {how}, over TCP, {Alive} sandboxes alive";
            _progress(name);
            await TimeAsync(name, count, async i =>
            {
                JsonObject exec = await _caller.ExecAsync(_sandboxes[i % Alive], body(), cancellationToken);
                if ((string?)exec["status"] != "succeeded")
                {
                    _results.Fail(name, Bounds.Ours, $"{exec["id"]} ended as {exec["status"]}: {exec["error"]}");
                }
            }, () => host.Add(StartOnHost(onHost)));
            _bounds.Percentile(name, 0.5, MostExecP50);
            _bounds.Percentile(name, 0.99, MostExecP99);
            _bounds.Note(
                $"{name}: p50 above the host's own", "ms", _results.Of(name, Bounds.Ours).Percentile(0.5) - host.Percentile(0.5));
        }
    }

    /// <summary>Many commands at once in few sandboxes: each answer must be that of its command, and the history must hold each once.</summary>
    public async Task AtOnceAsync(CancellationToken cancellationToken)
    {
        string name = $"{AtOnce} execs at once in {Shared} sandboxes, each";
        _progress(name);
        await MakeAsync(Shared, cancellationToken);
        foreach (string sandbox in _sandboxes.Take(Shared))
        {
            await _caller.ExecAsync(sandbox, new JsonObject { ["command"] = $"echo {sandbox} > /root/whose" }, cancellationToken);
        }

        Series series = _results.Of(name, Bounds.Ours);
        (string? Id, double Ms)[] answers = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async i =>
        {
            string sandbox = _sandboxes[i % Shared];
            long begun = Stopwatch.GetTimestamp();
            JsonObject exec = await _caller.ExecAsync(
                sandbox, new JsonObject { ["command"] = $"cat /root/whose; echo {i}; echo {i} >&2; exit {i % 50}" }, cancellationToken);
            double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            bool right = (string?)exec["stdout"] == $"{sandbox}\n{i}\n" && (string?)exec["stderr"] == $"{i}\n" && (int?)exec["exit_code"] == i % 50
                && (string?)exec["sandbox_id"] == sandbox;
            return (right ? (string?)exec["id"] : null, took);
        }));
        foreach ((_, double ms) in answers)
        {
            series.Add(ms);
        }

        string[] ids = [.. answers.Select(a => a.Id).OfType<string>()];
        HashSet<string> recorded = [.. (await _caller.GetAsync($"/sessions/{_caller.Session}/exec-tasks?limit={AtOnce}", cancellationToken))["items"]!
            .AsArray().Select(e => (string?)e!["id"] ?? "")];
        _bounds.AtMost($"{AtOnce} execs at once: mixed up", "", AtOnce - ids.Length, 0);
        _bounds.AtMost($"{AtOnce} execs at once: lost", "", ids.Distinct().Count(id => !recorded.Contains(id)) + (ids.Length - ids.Distinct().Count()), 0);
    }

    /// <summary>The first page of the history.</summary>
    public async Task HistoryAsync(CancellationToken cancellationToken)
    {
        int execs = await CountAsync(cancellationToken);
        foreach (int limit in (int[])[20, 200])
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"history of {execs} execs: first page of {limit}");
            _progress(name);
            await TimeAsync(name, Lists, async _ => await _caller.GetAsync($"/sessions/{_caller.Session}/exec-tasks?limit={limit}", cancellationToken));
            _bounds.Percentile(name, 0.5, MostListP50);
        }
    }

    /// <summary>The list of sandboxes.</summary>
    public async Task SandboxesAsync(int count, CancellationToken cancellationToken)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"list of {count} sandboxes");
        _progress($"making {count} sandboxes");
        await MakeAsync(count, cancellationToken);
        _progress(name);
        await TimeAsync(name, Lists, async _ =>
        {
            int seen = (await _caller.GetAsync("/sandboxes", cancellationToken))["items"]!.AsArray().Count;
            if (seen < count)
            {
                throw new CliException(ExitCode.Failure, $"GET /sandboxes shows {seen} of {count}");
            }
        });
        _bounds.Percentile(name, 0.5, MostListP50);
    }

    // Page by page: how many there are is shown nowhere.
    private async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        int count = 0;
        string cursor = "";
        while (true)
        {
            JsonObject page = await _caller.GetAsync($"/sessions/{_caller.Session}/exec-tasks?limit=200{cursor}", cancellationToken);
            count += page["items"]!.AsArray().Count;
            if ((string?)page["next_cursor"] is not { } next)
            {
                return count;
            }

            cursor = $"&cursor={next}";
        }
    }

    // What a program costs on this machine at this moment, whoever starts it.
    private static double StartOnHost(string[] command)
    {
        long begun = Stopwatch.GetTimestamp();
        using Process process = Process.Start(command[0], command[1..]);
        process.WaitForExit();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private async Task TimeAsync(string name, int count, Func<int, Task> call, Action? beside = null)
    {
        Series series = _results.Of(name, Bounds.Ours);
        for (int i = -Math.Min(WarmUp, count); i < count; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            await call(i + WarmUp);
            if (i >= 0)
            {
                series.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                beside?.Invoke();
            }
        }
    }
}
