using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Quickstart;

/// <summary>
/// The main job, end to end, through the public interface with a session token of its own: a project is written, tested, kept,
/// broken, taken back and forked. Every step checks what it claims. Whatever happens, all that the session owns is removed.
/// </summary>
internal sealed partial class QuickstartRun
{
    private const string TestCommand = $"cd {Folder} && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s tests -t . 2>&1";

    private readonly SleighClient _administrator;
    private readonly StepLog _steps;
    private readonly string _image;

    private SleighClient _client;
    private string _session = "";
    private Guest _guest;
    private string _snapshot = "";
    private string _manifest = "";
    private List<Guest> _forks = [];

    public QuickstartRun(SleighClient client, StepLog steps, string image)
    {
        _administrator = client;
        _client = client;
        _steps = steps;
        _image = image;
        _guest = new Guest(client, "");
    }

    /// <summary>Where the project lies in the sandbox.</summary>
    public const string Folder = "/root/worktime-project";

    /// <summary>Runs all steps, up to the first that fails, and cleans up.</summary>
    /// <returns>True when every step passed.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        (string Name, Func<CancellationToken, Task<string>> Work)[] steps =
        [
            ("daemon", ReadyAsync),
            ("token", TokenAsync),
            ("create a sandbox", CreateAsync),
            ("write a project", WriteAsync),
            ("run its tests", TestsPassAsync),
            ("snapshot", SnapshotAsync),
            ("break the code", BreakAsync),
            ("run the tests again", TestsFailAsync),
            ("roll back", RollbackAsync),
            ("run the tests again", TestsPassAsync),
            ("fork three ways", ForkAsync),
            ("a different change in each fork", ChangeForksAsync),
            ("nothing leaked between them", CompareAsync),
        ];

        bool passed = true;
        try
        {
            foreach ((string name, Func<CancellationToken, Task<string>> work) in steps)
            {
                passed = passed && await _steps.RunAsync(name, () => work(cancellationToken));
            }
        }
        finally
        {
            // Not the caller's token: it may be the reason for leaving.
            bool clean = _session.Length == 0 || await _steps.RunAsync("clean up", () => CleanUpAsync(CancellationToken.None));
            passed = passed && clean;
        }

        return passed;
    }

    private async Task<string> ReadyAsync(CancellationToken cancellationToken)
    {
        (int status, JsonObject body) = await _administrator.TryGetAsync("/readyz", cancellationToken);
        string failed = string.Join(", ", body.Items("checks").Where(c => c.Flag("ok") != true).Select(c => $"{c.Text("name")} ({c.Text("message")})"));
        Check.That(status == 200 && failed.Length == 0, "/readyz", "every check ok", failed.Length > 0 ? failed : $"status {status}");
        return $"ready ({string.Join(", ", body.Items("checks").Select(c => c.Text("name")))})";
    }

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        JsonObject issued = await _administrator.PostAsync("/sessions/token", null, cancellationToken);
        string token = issued.Text("session_token") ?? "";
        Check.That(TokenForm().IsMatch(token), "session_token", "sess_ and 32 hex digits", $"{token.Length} other characters");
        _session = issued.Text("session_id") ?? "";
        _client = _administrator.WithToken(token);
        Check.Equal("sandboxes of the new session", 0, (await _client.GetAsync("/sandboxes", cancellationToken)).Items().Count);
        return $"session {_session} owns nothing yet";
    }

    private async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        JsonObject made = await _client.PostAsync(
            "/sandboxes", new JsonObject { ["image"] = _image, ["name"] = "quickstart" }, cancellationToken, TimeSpan.FromSeconds(180));
        _guest = new Guest(_client, made.Text("sandbox_id") ?? "");
        Check.Equal("status", "running", made.Text("status"));
        Check.Equal("image", _image, made.Text("image"));
        Check.Equal("session of the sandbox", _session, made.Text("session_id"));
        string source = made.Text("source") == "pool" ? "from a parked container" : made.Text("source") ?? "created";
        return $"{_guest.Id} runs {_image}, {source}, {made.Number("startup_latency_ms")} ms in the daemon";
    }

    private async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        foreach ((string path, string content) in PythonProject.Files)
        {
            await _guest.WriteFileAsync($"{Folder}/{path}", content, cancellationToken);
        }

        _manifest = await _guest.OutputAsync(Manifest.Command(Folder), cancellationToken);
        Check.Equal("sha256 of the files", Manifest.Of(PythonProject.Files), _manifest);
        return $"{PythonProject.Files.Count} files, their SHA-256 as sent";
    }

    private async Task<string> TestsPassAsync(CancellationToken cancellationToken)
    {
        JsonObject exec = await _guest.RunAsync(TestCommand, null, cancellationToken);
        Check.Equal($"exit code of the tests ({Tail(exec)})", 0, exec.Number("exit_code"));
        Check.That((exec.Text("stdout") ?? "").Contains($"Ran {PythonProject.TestCount} tests", StringComparison.Ordinal), "output", $"'Ran {PythonProject.TestCount} tests'", Tail(exec));
        return $"{PythonProject.TestCount} passed, exit code 0";
    }

    private async Task<string> SnapshotAsync(CancellationToken cancellationToken)
    {
        JsonObject taken = await _client.PostAsync(
            $"/sandboxes/{_guest.Id}/snapshots", new JsonObject { ["name"] = "tests-pass" }, cancellationToken);
        _snapshot = taken.Text("id") ?? "";
        JsonObject listed = await _client.GetAsync($"/sandboxes/{_guest.Id}/snapshots", cancellationToken);
        Check.Equal("newest snapshot of the sandbox", _snapshot, listed.Items() is [var newest, ..] ? newest.Text("id") : null);
        return $"{_snapshot}, {taken.Number("duration_ms")} ms in the daemon, processes stood still for {taken.Number("pause_ms")} ms";
    }

    private async Task<string> BreakAsync(CancellationToken cancellationToken)
    {
        await _guest.WriteFileAsync($"{Folder}/{PythonProject.Target}", PythonProject.BrokenTarget, cancellationToken);
        await _guest.OutputAsync($"rm {Folder}/README.txt && echo damage > {Folder}/left-behind.txt", cancellationToken);
        string now = await _guest.OutputAsync(Manifest.Command(Folder), cancellationToken);
        Check.That(now != _manifest, "files", "other than in the snapshot", "the same files");
        return "one file changed, one removed, one added";
    }

    private async Task<string> TestsFailAsync(CancellationToken cancellationToken)
    {
        JsonObject exec = await _guest.RunAsync(TestCommand, null, cancellationToken);
        Check.Equal($"exit code of the tests ({Tail(exec)})", 1, exec.Number("exit_code"));
        string verdict = $"FAILED (failures={PythonProject.FailuresWhenBroken})";
        Check.That((exec.Text("stdout") ?? "").Contains(verdict, StringComparison.Ordinal), "output", $"'{verdict}'", Tail(exec));
        return $"{PythonProject.FailuresWhenBroken} of {PythonProject.TestCount} fail, exit code 1";
    }

    private async Task<string> RollbackAsync(CancellationToken cancellationToken)
    {
        JsonObject back = await _client.PostAsync(
            $"/sandboxes/{_guest.Id}/rollback", new JsonObject { ["snapshot_id"] = _snapshot }, cancellationToken);
        Check.Equal("id after the rollback", _guest.Id, back.Text("sandbox_id"));
        Check.Equal("status after the rollback", "running", back.Text("status"));
        Check.Equal("files after the rollback", _manifest, await _guest.OutputAsync(Manifest.Command(Folder), cancellationToken));
        return $"same id, every file as in the snapshot, {back.Number("duration_ms")} ms in the daemon";
    }

    private async Task<string> ForkAsync(CancellationToken cancellationToken)
    {
        int wanted = PythonProject.Changes.Count;
        JsonObject forked = await _client.PostAsync($"/sandboxes/{_guest.Id}/fork", new JsonObject { ["count"] = wanted }, cancellationToken);
        _forks = [.. forked.Items().Select(f => new Guest(_client, f.Text("sandbox_id") ?? ""))];
        Check.Equal("sandboxes with ids of their own", wanted + 1, _forks.Select(f => f.Id).Append(_guest.Id).Distinct().Count());
        foreach (JsonObject fork in forked.Items())
        {
            Check.Equal("parent of a fork", _guest.Id, fork.Object("parent").Text("sandbox_id"));
        }

        foreach (Guest fork in _forks)
        {
            Check.Equal($"files of {fork.Id}", _manifest, await fork.OutputAsync(Manifest.Command(Folder), cancellationToken));
        }

        return $"{wanted} sandboxes with the same files, the slowest after {forked.Items().Max(f => f.Number("startup_latency_ms"))} ms in the daemon";
    }

    private async Task<string> ChangeForksAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_forks.Zip(PythonProject.Changes, async (fork, change) =>
        {
            await fork.WriteFileAsync($"{Folder}/{change.Path}", change.Content, cancellationToken);
            Check.Equal($"report in {fork.Id} ({change.Name})", change.Report + "\n", await ReportAsync(fork, cancellationToken));
        }));
        return string.Join("; ", PythonProject.Changes.Select(c => $"{c.Name}: {c.Report}"));
    }

    private async Task<string> CompareAsync(CancellationToken cancellationToken)
    {
        Check.Equal("files of the first sandbox", _manifest, await _guest.OutputAsync(Manifest.Command(Folder), cancellationToken));
        Check.Equal("report of the first sandbox", PythonProject.Report + "\n", await ReportAsync(_guest, cancellationToken));
        foreach ((Guest fork, ProjectChange change) in _forks.Zip(PythonProject.Changes))
        {
            var expected = new Dictionary<string, string>(PythonProject.Files) { [change.Path] = change.Content };
            Check.Equal($"files of {fork.Id}", Manifest.Of(expected), await fork.OutputAsync(Manifest.Command(Folder), cancellationToken));
        }

        return "the first sandbox is untouched, each fork has its own change and no other";
    }

    private async Task<string> CleanUpAsync(CancellationToken cancellationToken)
    {
        // All that the session owns, not what is remembered: a step may have ended half-way.
        string[] owned = [.. (await _client.GetAsync("/sandboxes", cancellationToken)).Items().Select(s => s.Text("sandbox_id") ?? "")];
        foreach (string id in owned)
        {
            await _client.DeleteAsync($"/sandboxes/{id}", cancellationToken);
            (int status, _) = await _client.TryGetAsync($"/sandboxes/{id}", cancellationToken);
            Check.Equal($"status of a look-up of {id}", 404, status);
        }

        return $"{owned.Length} sandboxes deleted, none can be found any more";
    }

    private static Task<string> ReportAsync(Guest guest, CancellationToken cancellationToken) =>
        guest.OutputAsync($"cd {Folder} && PYTHONDONTWRITEBYTECODE=1 python3 -", cancellationToken, PythonProject.ReportScript);

    private static string Tail(JsonObject exec)
    {
        string text = (exec.Text("error") + " " + exec.Text("stderr") + exec.Text("stdout")).Trim();
        return text.Length <= 300 ? text : "..." + text[^300..];
    }

    [GeneratedRegex("^sess_[0-9a-f]{32}$")]
    private static partial Regex TokenForm();
}
