using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>Fork: all of the asked number, or none.</content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<ForkResult> ForkAsync(SandboxId id, string? snapshotId, int count, CancellationToken cancellationToken)
    {
        SandboxEntry source = _table.Require(id);
        using Span? span = Span.Begin("fork", source.Record.Sandbox.Session, id);
        PhaseClock phase = new(span);
        CheckStopping();
        _starter.RequireAllowed(source.Record.Sandbox);
        Snapshot? named = snapshotId is null ? null : Require(id, snapshotId);
        using SandboxPlaces.Places places = Admit(source.Record.Sandbox.Session, count, () => _guard.Admit(confirmed: true, "fork"));
        await _mounts.RequireSourcesAsync(named?.Mounts ?? Captured(source));
        Snapshot snapshot = named ?? await SnapshotAsync(id, "fork", null, keep: false, cancellationToken);
        TimeSpan admission = phase.Lap();
        ChangeStep.Done("fork", 1);

        Task<CreatedSandbox>[] builds = [.. Enumerable.Range(0, count).Select(_ => BuildForkAsync(source, snapshot, places, admission))];
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

        ChangeStep.Done("fork", 2);
        foreach (Task<CreatedSandbox> build in builds)
        {
            SandboxMeters.Created(admission + build.Result.Latency, build.Result.FromPool);
        }

        span?.Done();
        Forked(_logger, id.ToString(), count, snapshot.Id.ToString(), phase.Total.TotalMilliseconds);
        return new ForkResult(snapshot.Id, [.. builds.Select(build => build.Result with { Latency = admission + build.Result.Latency })]);
    }

    // A method of its own: what is current in the trace while it begins is not so for its neighbours.
    private async Task<CreatedSandbox> BuildForkAsync(SandboxEntry source, Snapshot from, SandboxPlaces.Places places, TimeSpan admission)
    {
        SandboxSecrets? secrets = source.Secrets;
        SandboxRecord record = PlanFork(source.Record, from);
        record = secrets is null ? record : record with { Sandbox = record.Sandbox with { SecretNames = secrets.Names } };
        using Span? span = Span.Begin("create", record.Sandbox.Session, record.Sandbox.Id);
        CreatedSandbox made = await BuildAsync(
            record, secrets, from.Id, places, new PhaseClock(span), new Timings(admission, TimeSpan.Zero),
            [.. source.Ports.Select(port => port.Number)], CancellationToken.None, from.Mounts);
        span?.Note("source", made.FromPool ? "pool" : "cold");
        span?.Done();
        return made;
    }

    [LoggerMessage(EventId = 1430, EventName = "fork", Level = LogLevel.Information, Message = "Forked {Sandbox} {Count} times from {Snapshot} in {Milliseconds:F1} ms")]
    private static partial void Forked(ILogger logger, string sandbox, int count, string snapshot, double milliseconds);
}
