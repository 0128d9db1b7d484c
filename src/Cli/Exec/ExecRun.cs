using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Exec;

/// <summary>
/// Runs one command in a sandbox and follows it to its end: output as it comes, the daemon's restarts survived, cancelled when the
/// user interrupts.
/// </summary>
/// <remarks>
/// The call that starts the command carries an Idempotency-Key, and waiting on is the same call again: the daemon answers it with the
/// same exec, as it is then, after another wait. A wait is woken by the command's end, so its length costs no time; it is short so that
/// the exec's id is known soon (a cancel needs it) and output shows while the command runs.
/// </remarks>
internal sealed class ExecRun
{
    /// <summary>Length of one wait.</summary>
    public const int WaitSeconds = 1;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(WaitSeconds + 30);

    private readonly SleighClient _client;
    private readonly TimeProvider _time;
    private readonly OutputCopy _stdout;
    private readonly OutputCopy _stderr;

    public ExecRun(SleighClient client, TimeProvider time, Stream stdout, Stream stderr)
    {
        _client = client;
        _time = time;
        _stdout = new OutputCopy(client, "stdout", stdout);
        _stderr = new OutputCopy(client, "stderr", stderr);
    }

    /// <summary>Output bytes that the daemon counted but did not keep.</summary>
    public long DroppedBytes => _stdout.Dropped + _stderr.Dropped;

    /// <summary>Runs the command in <paramref name="sandboxId"/>.</summary>
    /// <param name="sandboxId">A whole id.</param>
    /// <param name="request">What to run.</param>
    /// <param name="interrupted">Cancels the command; the result is still waited for.</param>
    /// <returns>The final ExecResult.</returns>
    public async Task<JsonObject> RunAsync(string sandboxId, ExecRequest request, CancellationToken interrupted)
    {
        string target = $"/sandboxes/{sandboxId}/exec";
        JsonObject body = request.ToBody(WaitSeconds);
        string key = $"sleighctl-{Guid.NewGuid():N}";
        Task interruption = Task.Delay(Timeout.InfiniteTimeSpan, interrupted);
        bool cancelSent = false;
        string? id = null;
        var patience = new Patience(_time);

        while (true)
        {
            Task<JsonObject> waiting = patience.RunAsync(
                () => _client.PostAsync(target, body, CancellationToken.None, CallTimeout, key));
            if (id is not null && !cancelSent && await Task.WhenAny(waiting, interruption) == interruption)
            {
                cancelSent = true;
                await patience.RunAsync(() => _client.PostAsync($"{target}/{id}/cancel", null, CancellationToken.None));
            }

            JsonObject exec = await waiting;
            string answered = exec.Text("id")
                ?? throw new CliException(ExitCode.Failure, "the daemon's answer to an exec has no id", "is sleighctl of the same version as sleighd?");
            if (id is not null && id != answered)
            {
                // Never start a third: this daemon does not honour the key.
                throw new CliException(
                    ExitCode.Failure, $"waiting for {id}, the daemon started the command again as {answered}", "look at both with the HTTP API");
            }

            id = answered;
            bool isFinal = exec.Text("status") is "succeeded" or "failed" or "cancelled";
            await patience.RunAsync(() => CopyAsync(exec, isFinal));
            if (isFinal)
            {
                return exec;
            }
        }
    }

    private async Task<bool> CopyAsync(JsonObject exec, bool isFinal)
    {
        await _stdout.CatchUpAsync(exec, isFinal, CancellationToken.None);
        await _stderr.CatchUpAsync(exec, isFinal, CancellationToken.None);
        return true;
    }
}
