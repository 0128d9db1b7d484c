using Microsoft.Extensions.Logging;

namespace Sleigh.Runtime;

/// <content>Fork: all of the asked number, or none.</content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<ForkResult> ForkAsync(SandboxId id, string? snapshotId, int count, CancellationToken cancellationToken)
    {
        PhaseClock phase = new();
        SandboxEntry source = _table.Require(id);
        CheckStopping();
        Snapshot? named = snapshotId is null ? null : Require(id, snapshotId);
        CheckQuota(source.Record.Sandbox.Session, count);
        _guard.Admit(confirmed: true, "fork");
        Snapshot snapshot = named ?? await SnapshotAsync(id, "fork", null, cancellationToken);
        TimeSpan admission = phase.Lap();

        Task<CreatedSandbox>[] builds = [.. Enumerable.Range(0, count).Select(_ => BuildAsync(
            PlanFork(source.Record, snapshot), snapshot.Id, new PhaseClock(), new Timings(admission, TimeSpan.Zero), CancellationToken.None))];
        await ((Task)Task.WhenAll(builds)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Array.Find(builds, build => !build.IsCompletedSuccessfully) is Task<CreatedSandbox> failed)
        {
            foreach (Task<CreatedSandbox> done in builds.Where(build => build.IsCompletedSuccessfully))
            {
                await DeleteAsync(done.Result.Sandbox.Id, CancellationToken.None);
            }

            throw failed.Exception?.InnerException is Exception e && IsExpected(e)
                ? Failures.Translate(
                    e, ErrorKind.SandboxStartFailed, "a fork could not be started, so none was made; the daemon log has the cause under this request id")
                : failed.Exception!.InnerException!;
        }

        Forked(_logger, id.ToString(), count, snapshot.Id.ToString(), phase.Total.TotalMilliseconds);
        return new ForkResult(snapshot.Id, [.. builds.Select(build => build.Result with { Latency = admission + build.Result.Latency })]);
    }

    [LoggerMessage(EventId = 1430, EventName = "fork", Level = LogLevel.Information, Message = "Forked {Sandbox} {Count} times from {Snapshot} in {Milliseconds:F1} ms")]
    private static partial void Forked(ILogger logger, string sandbox, int count, string snapshot, double milliseconds);
}
