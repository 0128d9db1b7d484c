using Microsoft.Extensions.Logging;

namespace Sleigh.Daemon.Service;

/// <summary>
/// The signs of life for the watchdog: each one follows a round through the daemon's own parts, so a daemon that hangs gives none.
/// </summary>
internal sealed partial class Heartbeat
{
    private readonly Func<CancellationToken, Task> _round;
    private readonly Action _beat;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Makes it; nothing happens yet.</summary>
    /// <param name="round">Completes when the daemon has answered itself; whatever it throws is no answer.</param>
    /// <param name="beat">Gives the sign.</param>
    /// <param name="interval">Half of what the service manager waits. A round may take so long, and begins twice as often.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of rounds without an answer.</param>
    public Heartbeat(Func<CancellationToken, Task> round, Action beat, TimeSpan interval, TimeProvider time, ILogger logger) =>
        (_round, _beat, _interval, _time, _logger) = (round, beat, interval, time, logger);

    /// <summary>Beats until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await BeatAsync(cancellationToken);
            await Task.Delay(_interval / 2, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(_interval, _time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _round(end.Token).WaitAsync(end.Token);
            _beat();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            Silent(_logger, e is OperationCanceledException ? $"no answer within {_interval.TotalSeconds:0.#} s" : e.Message);
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    [LoggerMessage(EventId = 7, EventName = "watchdog", Level = LogLevel.Error, Message = "sleighd does not answer itself: {Reason}; the service manager gets no sign of life")]
    private static partial void Silent(ILogger logger, string reason);
}
