using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

/// <summary>
/// A daemon behind a real socket whose sandboxes are folders: a command runs in the host's shell with the project's path replaced.
/// Snapshots, rollbacks and forks copy folders. Enough for the quickstart to be carried out for real, and to be lied to.
/// </summary>
public sealed class FakeDaemon : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly ConcurrentDictionary<string, JsonObject> _sandboxes = [];
    private readonly ConcurrentDictionary<string, JsonObject> _snapshots = [];
    private readonly FakeServer _server;
    private int _next;

    public FakeDaemon() => _server = new FakeServer(AnswerAsync);

    public string SocketPath => _server.SocketPath;

    public IReadOnlyList<Request> Requests => _server.Requests;

    public int SandboxCount => _sandboxes.Count;

    /// <summary>Answers a rollback without doing it.</summary>
    public bool RollbackLies { get; set; }

    /// <summary>Lets all forks share one folder.</summary>
    public bool ForksShareFiles { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<byte[]?> AnswerAsync(Request request)
    {
        string[] path = request.Path.Trim('/').Split('/');
        JsonObject body = request.Body.Length > 0 ? (JsonObject)JsonNode.Parse(request.Body)! : [];
        if (request.Path == "/readyz")
        {
            return Ok(new JsonObject { ["status"] = "ready", ["checks"] = new JsonArray(new JsonObject { ["name"] = "storage", ["ok"] = true }) });
        }

        if (request.Path == "/sessions/token")
        {
            return Ok(new JsonObject { ["session_token"] = "sess_" + new string('0', 32), ["session_id"] = "sid_000000000001" }, 201);
        }

        if (request.Path == "/admin/status")
        {
            return Ok(new JsonObject { ["parked_slots"] = 1, ["parked_slots_target"] = 1 });
        }

        Assert.Equal("sess_" + new string('0', 32), request.Headers["X-Session-Token"]);
        if (request.Path == "/sandboxes")
        {
            return request.Method == "POST" ? Ok(Add(body), 201) : Ok(List(_sandboxes.Values));
        }

        string id = path[1];
        if (!_sandboxes.TryGetValue(id, out JsonObject? sandbox))
        {
            return FakeServer.Reply(404, $$"""{"error":"resource not found: sandbox {{id}}","code":"not_found"}""");
        }

        return (request.Method, path.Length > 2 ? path[2] : "") switch
        {
            ("GET", "") => Ok(sandbox),
            ("DELETE", "") => Remove(id),
            ("POST", "exec") => Ok(await RunAsync(id, body)),
            ("GET", "exec") => Ok(new JsonObject { ["data"] = Convert.ToBase64String(new byte[1_000_000]), ["eof"] = true }),
            ("POST", "snapshots") => Ok(await SnapshotAsync(id, body), 201),
            ("GET", "snapshots") => Ok(List(_snapshots.Values.Where(s => (string?)s["sandbox_id"] == id).OrderByDescending(s => (string?)s["id"], StringComparer.Ordinal))),
            ("POST", "rollback") => Ok(await RollbackAsync(id, body)),
            ("POST", "fork") => Ok(await ForkAsync(id, body), 201),
            _ => FakeServer.Reply(404, """{"error":"no such route","code":"route_not_found"}"""),
        };
    }

    private JsonObject Add(JsonObject body)
    {
        string id = NewId("sbx_");
        Directory.CreateDirectory(FolderOf(id));
        _sandboxes[id] = new JsonObject
        {
            ["sandbox_id"] = id, ["image"] = body["image"]?.DeepClone(), ["status"] = "running", ["session_id"] = "sid_000000000001",
            ["startup_latency_ms"] = 7, ["source"] = "pool",
        };
        return _sandboxes[id];
    }

    private async Task<JsonObject> RunAsync(string id, JsonObject body)
    {
        string command = ((string?)body["command"] ?? "true").Replace(Quickstart.QuickstartRun.Folder, FolderOf(id) + "/project", StringComparison.Ordinal);
        (int code, string stdout, string stderr) = await ShellAsync(command, (string?)body["stdin"]);
        JsonObject result = new()
        {
            ["id"] = NewId("exec_"), ["sandbox_id"] = id, ["status"] = code == 0 ? "succeeded" : "failed", ["exit_code"] = code,
            ["stdout"] = stdout, ["stderr"] = stderr,
        };
        if (code != 0)
        {
            result["error"] = $"command exited with status {code}";
        }

        return result;
    }

    private async Task<JsonObject> SnapshotAsync(string id, JsonObject body)
    {
        string snapshot = NewId("snap_");
        await CopyAsync(FolderOf(id), FolderOf(snapshot));
        _snapshots[snapshot] = new JsonObject
        {
            ["id"] = snapshot, ["sandbox_id"] = id, ["name"] = body["name"]?.DeepClone(), ["bytes"] = 1, ["duration_ms"] = 3, ["pause_ms"] = 1,
        };
        return _snapshots[snapshot];
    }

    private async Task<JsonObject> RollbackAsync(string id, JsonObject body)
    {
        if (!RollbackLies)
        {
            await CopyAsync(FolderOf((string)body["snapshot_id"]!), FolderOf(id));
        }

        var answer = (JsonObject)_sandboxes[id].DeepClone();
        answer["duration_ms"] = 4;
        return answer;
    }

    private async Task<JsonObject> ForkAsync(string id, JsonObject body)
    {
        JsonObject snapshot = await SnapshotAsync(id, []);
        JsonArray forks = [];
        for (int i = 0; i < (int)body["count"]!; i++)
        {
            JsonObject fork = Add([]);
            string forkId = (string)fork["sandbox_id"]!;
            fork["parent"] = new JsonObject { ["sandbox_id"] = id, ["snapshot_id"] = snapshot["id"]!.DeepClone() };
            await CopyAsync(FolderOf(id), FolderOf(forkId));
            if (ForksShareFiles)
            {
                Directory.Delete(FolderOf(forkId), recursive: true);
                Directory.CreateSymbolicLink(FolderOf(forkId), FolderOf(id));
            }

            forks.Add(fork.DeepClone());
        }

        return new JsonObject { ["snapshot_id"] = snapshot["id"]!.DeepClone(), ["items"] = forks };
    }

    private byte[] Remove(string id)
    {
        _sandboxes.TryRemove(id, out _);
        return "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray();
    }

    private string FolderOf(string id) => Path.Combine(_folder, id);

    private string NewId(string prefix) => $"{prefix}{Interlocked.Increment(ref _next):x12}";

    private static JsonObject List(IEnumerable<JsonObject> items) =>
        new() { ["items"] = new JsonArray([.. items.Select(i => (JsonNode?)i.DeepClone())]) };

    private static byte[] Ok(JsonObject body, int status = 200) => FakeServer.Reply(status, body.ToJsonString());

    private static async Task CopyAsync(string from, string to) => await ShellAsync($"rm -rf {to} && cp -a {from} {to}", null);

    private static async Task<(int Code, string Stdout, string Stderr)> ShellAsync(string command, string? stdin)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        using Process shell = Process.Start(start)!;
        await shell.StandardInput.WriteAsync(stdin);
        shell.StandardInput.Close();
        Task<string> stderr = shell.StandardError.ReadToEndAsync();
        string stdout = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode, stdout, await stderr);
    }
}
