using Microsoft.Extensions.Logging;
using Sleigh.Runtime;

namespace Sleigh.Daemon.Service;

/// <summary>Looks every few seconds whether what the daemon stands on still works, and logs when that changes.</summary>
internal sealed partial class HealthWatch
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    // containerd is asked this often while all is well; a trouble is looked after with each round.
    private const int RoundsBetweenChecks = 5;

    private readonly Func<CancellationToken, Task<IReadOnlyList<HealthCheck>>> _check;
    private readonly Action<IReadOnlyList<string>> _show;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, string> _troubles = new(StringComparer.Ordinal);

    /// <summary>Makes it; nothing happens yet.</summary>
    /// <param name="check">The checks of <c>/readyz</c>.</param>
    /// <param name="show">Called after each round with the troubles there are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears when a trouble comes and goes.</param>
    public HealthWatch(
        Func<CancellationToken, Task<IReadOnlyList<HealthCheck>>> check, Action<IReadOnlyList<string>> show, TimeProvider time, ILogger logger) =>
        (_check, _show, _time, _logger) = (check, show, time, logger);

    /// <summary>Watches until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (int round = 0; !cancellationToken.IsCancellationRequested; round++)
        {
            if (round % RoundsBetweenChecks == 0 || _troubles.Count > 0)
            {
                await CheckAsync(cancellationToken);
            }

            _show([.. _troubles.Values]);
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<HealthCheck> checks;
        try
        {
            checks = await _check(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        foreach (HealthCheck check in checks)
        {
            if (!check.Ok)
            {
                string message = check.Message ?? $"{check.Name} does not work";
                if (_troubles.TryAdd(check.Name, message))
                {
                    Came(_logger, message);
                }
            }
            else if (_troubles.Remove(check.Name))
            {
                Went(_logger, check.Name);
            }
        }
    }

    [LoggerMessage(EventId = 5, EventName = "health", Level = LogLevel.Warning, Message = "Degraded: {Trouble}; sandboxes and their commands go on")]
    private static partial void Came(ILogger logger, string trouble);

    [LoggerMessage(EventId = 6, EventName = "health", Level = LogLevel.Information, Message = "{Check} is well again")]
    private static partial void Went(ILogger logger, string check);
}
