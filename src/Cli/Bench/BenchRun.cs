using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Bench;

/// <summary>
/// Times the calls an agent makes, as it sees them: over HTTP, one after the other, with a session of its own that is empty afterwards.
/// </summary>
internal sealed class BenchRun
{
    private static readonly TimeSpan CreateTimeout = TimeSpan.FromSeconds(180);

    private readonly SleighClient _administrator;
    private readonly TimeProvider _time;
    private readonly string _image;
    private readonly int _rounds;

    private readonly Series _parked = new("create, from a parked container");
    private readonly Series _cold = new("create, cold");
    private readonly Series _exec = new("exec /bin/true");
    private readonly Series _snapshot = new("snapshot of a running sandbox");
    private readonly Series _pause = new("- of it the pause, as the daemon says");
    private readonly Series _rollback = new("rollback");
    private readonly Series _rollbackToExec = new("rollback, to the first command's end");
    private readonly Series _fork = new("fork");
    private readonly Series _delete = new("delete");

    public BenchRun(SleighClient administrator, TimeProvider time, string image, int rounds)
    {
        _administrator = administrator;
        _time = time;
        _image = image;
        _rounds = rounds;
    }

    /// <summary>Measures, and removes what it made whatever happens.</summary>
    public async Task<IReadOnlyList<Series>> RunAsync(CancellationToken cancellationToken)
    {
        JsonObject issued = await _administrator.PostAsync("/sessions/token", null, cancellationToken);
        SleighClient client = _administrator.WithToken(issued.Text("session_token") ?? "");
        try
        {
            await CreateAndDeleteAsync(client, cancellationToken);
            await CreateColdAsync(client, cancellationToken);
            await WithOneSandboxAsync(client, cancellationToken);
        }
        finally
        {
            foreach (JsonObject sandbox in (await client.GetAsync("/sandboxes", CancellationToken.None)).Items())
            {
                await client.DeleteAsync($"/sandboxes/{sandbox.Text("sandbox_id")}", CancellationToken.None);
            }
        }

        return [_parked, _cold, _exec, _snapshot, _pause, _rollback, _rollbackToExec, _fork, _delete];
    }

    private async Task CreateAndDeleteAsync(SleighClient client, CancellationToken cancellationToken)
    {
        for (int round = 0; round < _rounds; round++)
        {
            await WaitForASlotAsync(cancellationToken);
            string id = await CreateAsync(client, cancellationToken);
            await TimeAsync(_delete, () => client.DeleteAsync($"/sandboxes/{id}", cancellationToken));
        }
    }

    // Creates without a pause drain the pool; what comes then had to start its container.
    private async Task CreateColdAsync(SleighClient client, CancellationToken cancellationToken)
    {
        List<string> made = [];
        for (int round = 0; round < _rounds * 4 && _cold.Count < _rounds; round++)
        {
            made.Add(await CreateAsync(client, cancellationToken));
            if (made.Count == 8)
            {
                await Task.WhenAll(made.Select(id => client.DeleteAsync($"/sandboxes/{id}", cancellationToken)));
                made.Clear();
            }
        }

        await Task.WhenAll(made.Select(id => client.DeleteAsync($"/sandboxes/{id}", cancellationToken)));
    }

    private async Task WithOneSandboxAsync(SleighClient client, CancellationToken cancellationToken)
    {
        string id = await CreateAsync(client, cancellationToken);
        for (int round = 0; round < _rounds; round++)
        {
            await TimeAsync(_exec, () => ExecAsync(client, id, ["/bin/true"], cancellationToken));
        }

        for (int round = 0; round < _rounds; round++)
        {
            await ExecAsync(client, id, ["/bin/sh", "-c", $"head -c 1000000 /dev/urandom > /root/data-{round % 4}"], cancellationToken);
            JsonObject snapshot = await TimeAsync(_snapshot, () => client.PostAsync($"/sandboxes/{id}/snapshots", [], cancellationToken));
            _pause.Add(snapshot.Number("pause_ms") ?? 0);

            await WaitForASlotAsync(cancellationToken);
            long start = _time.GetTimestamp();
            JsonObject target = new() { ["snapshot_id"] = snapshot.Text("id") };
            await TimeAsync(_rollback, () => client.PostAsync($"/sandboxes/{id}/rollback", target, cancellationToken));
            await ExecAsync(client, id, ["/bin/true"], cancellationToken);
            _rollbackToExec.Add(_time.GetElapsedTime(start).TotalMilliseconds);

            await WaitForASlotAsync(cancellationToken);
            JsonObject forked = await TimeAsync(
                _fork, () => client.PostAsync($"/sandboxes/{id}/fork", new JsonObject { ["count"] = 1 }, cancellationToken));
            foreach (JsonObject fork in forked.Items())
            {
                await client.DeleteAsync($"/sandboxes/{fork.Text("sandbox_id")}", cancellationToken);
            }
        }
    }

    private async Task<string> CreateAsync(SleighClient client, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        JsonObject made = await client.PostAsync("/sandboxes", new JsonObject { ["image"] = _image }, cancellationToken, CreateTimeout);
        (made.Text("source") == "pool" ? _parked : _cold).Add(_time.GetElapsedTime(start).TotalMilliseconds);
        return made.Text("sandbox_id") ?? "";
    }

    private static async Task<JsonObject> ExecAsync(SleighClient client, string id, string[] argv, CancellationToken cancellationToken)
    {
        JsonObject exec = await client.PostAsync(
            $"/sandboxes/{id}/exec",
            new JsonObject { ["argv"] = JsonFields.Array(argv), ["wait"] = true, ["wait_timeout_seconds"] = 30 },
            cancellationToken);
        return exec.Number("exit_code") == 0
            ? exec
            : throw new CliException(
                ExitCode.Failure, $"'{string.Join(' ', argv)}' in {id} ended as {exec.Text("status")}: {exec.Text("error")} {exec.Text("stderr")}");
    }

    // Not part of what is measured: an agent meets a full pool most of the time, this loop hardly ever. Long waits are given up.
    private async Task WaitForASlotAsync(CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (_time.GetElapsedTime(start) < TimeSpan.FromSeconds(5))
        {
            JsonObject status = await _administrator.GetAsync("/admin/status", cancellationToken);
            if (status.Number("parked_slots") is not { } parked || parked >= Math.Min(1, status.Number("parked_slots_target") ?? 0))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
        }
    }

    private async Task<T> TimeAsync<T>(Series series, Func<Task<T>> call)
    {
        long start = _time.GetTimestamp();
        T answer = await call();
        series.Add(_time.GetElapsedTime(start).TotalMilliseconds);
        return answer;
    }

    private async Task TimeAsync(Series series, Func<Task> call)
    {
        long start = _time.GetTimestamp();
        await call();
        series.Add(_time.GetElapsedTime(start).TotalMilliseconds);
    }
}
