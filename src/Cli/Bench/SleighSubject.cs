using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Bench;

/// <summary>Sleigh over its unix socket, with a session of its own.</summary>
internal class SleighSubject : IBenchSubject
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly SleighClient _administrator;
    private readonly SleighClient _client;
    private readonly TimeProvider _time;
    private readonly string _image;

    protected SleighSubject(SleighClient administrator, string token, TimeProvider time, string image)
    {
        _administrator = administrator;
        _client = administrator.WithToken(token);
        _time = time;
        _image = image;
    }

    public string Name => "sleigh";

    /// <summary>Asks for a session.</summary>
    public static async Task<SleighSubject> OpenAsync(
        SleighClient administrator, TimeProvider time, string image, CancellationToken cancellationToken) =>
        new(administrator, await IssueTokenAsync(administrator, cancellationToken), time, image);

    // A parked container is what an agent meets; a loop without a pause would not. Nothing is waited for that does not come.
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (_time.GetElapsedTime(start) < TimeSpan.FromSeconds(10))
        {
            JsonObject status = await _administrator.GetAsync("/admin/status", cancellationToken);
            if (status.Number("parked_slots") is not { } parked || parked >= (status.Number("parked_slots_target") ?? 0))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
        }
    }

    public async Task<BenchSandbox> CreateAsync(int? memoryMb, CancellationToken cancellationToken)
    {
        JsonObject body = new() { ["image"] = _image };
        if (memoryMb is { } limit)
        {
            body["memory_limit_mb"] = limit;
        }

        JsonObject made = await _client.PostAsync("/sandboxes", body, cancellationToken, Patience);
        return new BenchSandbox(IdIn(made, "sandbox_id"), made.Text("source") != "pool");
    }

    public async Task ExecAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken) =>
        await RunAsync(id, argv, cancellationToken);

    public async Task<long> ExecForOutputAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        JsonObject exec = await RunAsync(id, argv, cancellationToken);
        long offset = 0;
        while (true)
        {
            JsonObject page = await _client.GetAsync(
                $"/sandboxes/{id}/exec/{exec.Text("id")}/output?stream=stdout&offset={offset}&limit=1048576&encoding=base64", cancellationToken);
            int bytes = Convert.FromBase64String(page.Text("data") ?? "").Length;
            offset += bytes;
            if (page.Flag("eof") == true || bytes == 0)
            {
                return offset;
            }
        }
    }

    public async Task<BenchSnapshot> SnapshotAsync(string id, CancellationToken cancellationToken)
    {
        JsonObject made = await _client.PostAsync($"/sandboxes/{id}/snapshots", [], cancellationToken, Patience);
        return new BenchSnapshot(IdIn(made, "id"), made.Number("pause_ms"), made.Number("duration_ms"));
    }

    /// <summary>Asks what has changed since a snapshot.</summary>
    public Task DiffAsync(string id, string snapshot, CancellationToken cancellationToken) =>
        _client.GetAsync($"/sandboxes/{id}/snapshots/{snapshot}/diff?limit=10000", cancellationToken);

    public async Task<string> RollbackAsync(string id, string snapshot, CancellationToken cancellationToken)
    {
        await _client.PostAsync($"/sandboxes/{id}/rollback", new JsonObject { ["snapshot_id"] = snapshot }, cancellationToken, Patience);
        return id;
    }

    public async Task<string> ForkAsync(string id, CancellationToken cancellationToken)
    {
        JsonObject made = await _client.PostAsync($"/sandboxes/{id}/fork", new JsonObject { ["count"] = 1 }, cancellationToken, Patience);
        return made.Items() is [var fork] ? IdIn(fork, "sandbox_id") : throw new CliException(ExitCode.Failure, $"a fork of {id} was answered without a sandbox");
    }

    public Task DropSnapshotAsync(string id, string snapshot, CancellationToken cancellationToken) =>
        _client.DeleteAsync($"/sandboxes/{id}/snapshots/{snapshot}", cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) => _client.DeleteAsync($"/sandboxes/{id}", cancellationToken);

    public virtual Task<Func<bool>?> WatchAsync(string id, CancellationToken cancellationToken) => Task.FromResult<Func<bool>?>(null);

    public async Task CleanUpAsync()
    {
        foreach (JsonObject sandbox in (await _client.GetAsync("/sandboxes?limit=1000", CancellationToken.None)).Items())
        {
            await _client.DeleteAsync($"/sandboxes/{sandbox.Text("sandbox_id")}", CancellationToken.None);
        }
    }

    protected static async Task<string> IssueTokenAsync(SleighClient administrator, CancellationToken cancellationToken) =>
        IdIn(await administrator.PostAsync("/sessions/token", null, cancellationToken), "session_token");

    private async Task<JsonObject> RunAsync(string id, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        JsonObject exec = await _client.PostAsync(
            $"/sandboxes/{id}/exec",
            new JsonObject { ["argv"] = JsonFields.Array(argv), ["wait"] = true, ["wait_timeout_seconds"] = 280 },
            cancellationToken,
            Patience);
        return exec.Number("exit_code") == 0
            ? exec
            : throw new CliException(
                ExitCode.Failure, $"'{string.Join(' ', argv)}' in {id} ended as {exec.Text("status")}: {exec.Text("error")} {exec.Text("stderr")}");
    }

    private static string IdIn(JsonObject answer, string member) =>
        answer.Text(member) is { Length: > 0 } id ? id : throw new CliException(ExitCode.Failure, $"the daemon's answer has no {member}: {answer.ToJsonString()}");
}
