using Microsoft.Extensions.Logging;
using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>
/// Pulls, one at a time for each image and platform: whoever asks for one that is under way shares it. A pull has its time limit from
/// its own start.
/// </summary>
internal sealed partial class ImagePulls
{
    private readonly PullImage _pull;
    private readonly Func<TimeSpan> _limit;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Name, string? Platform), RunningPull> _running = [];
    private bool _stopping;

    public ImagePulls(PullImage pull, Func<TimeSpan> limit, TimeProvider time, ILogger logger) =>
        (_pull, _limit, _time, _logger) = (pull, limit, time, logger);

    /// <summary>Told the full name of each image that was pulled.</summary>
    public Action<string> Pulled { get; set; } = _ => { };

    /// <summary>Waited for before a pull begins: what an earlier daemon left has been taken back.</summary>
    public Task Recovered { get; set; } = Task.CompletedTask;

    /// <summary>Pulls the image, or waits for the pull of it that is under way.</summary>
    /// <param name="image">The name as the caller wrote it, for messages.</param>
    /// <param name="platform">Such as <c>linux/amd64</c>; null: the host's.</param>
    /// <param name="goesOn">The pull goes on when this caller goes; else it does so only while others wait.</param>
    /// <param name="progress">Told of each step, from any thread; must not wait.</param>
    /// <param name="cancellationToken">The caller goes.</param>
    /// <returns>The full name.</returns>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.ImagePullFailed"/>, <see cref="ErrorKind.ImagePullTimeout"/>, <see cref="ErrorKind.EngineUnavailable"/>,
    /// <see cref="ErrorKind.ShuttingDown"/>, <see cref="ErrorKind.InvalidArgument"/> for the name.
    /// </exception>
    public async Task<string> PullAsync(
        string image, string? platform, bool goesOn, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        if (!ImageName.TryParse(image, null, out ImageName? name))
        {
            throw RuntimeException.Invalid("image", $"bad request: \"{image}\" is not an image name");
        }

        RunningPull pull = await JoinAsync(name, platform, progress, goesOn, cancellationToken);
        try
        {
            // A pull that cannot even be taken back must not hold its callers.
            return await pull.Done.WaitAsync(pull.Limit + TimeSpan.FromSeconds(1), _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw PullFailures.TimedOut(image, pull.Limit);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw PullFailures.Stopping();
        }
        catch (Exception e) when (e is IOException or ImageException or ContainerdException)
        {
            throw PullFailures.Translate(image, e);
        }
        finally
        {
            pull.Leave(progress);
        }
    }

    /// <summary>Takes all pulls back and starts no more.</summary>
    public void Stop()
    {
        foreach (RunningPull pull in TakeAll())
        {
            pull.Stop();
        }
    }

    /// <summary>Waits until no pull is under way. Call <see cref="Stop"/> first.</summary>
    public async Task DrainAsync()
    {
        foreach (RunningPull pull in TakeAll())
        {
            await pull.Done.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private List<RunningPull> TakeAll()
    {
        lock (_lock)
        {
            _stopping = true;
            return [.. _running.Values];
        }
    }

    private async Task<RunningPull> JoinAsync(
        ImageName name, string? platform, IProgress<PullProgress>? progress, bool goesOn, CancellationToken cancellationToken)
    {
        (string, string?) key = (name.ToString(), platform);
        while (true)
        {
            RunningPull? pull;
            lock (_lock)
            {
                if (_stopping)
                {
                    throw PullFailures.Stopping();
                }

                if (!_running.TryGetValue(key, out pull))
                {
                    pull = new RunningPull(new CancellationTokenSource(), _limit());
                    _ = pull.TryJoin(progress, goesOn);
                    _running.Add(key, pull);
                    pull.Begin(p => Task.Run(() => RunAsync(p, key, name, platform), CancellationToken.None));
                    return pull;
                }

                if (pull.TryJoin(progress, goesOn))
                {
                    return pull;
                }
            }

            // Its last caller has gone; when it has been taken back, a new one begins.
            await pull.Done.ContinueWith(_ => { }, cancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<string> RunAsync(RunningPull pull, (string Name, string? Platform) key, ImageName name, string? platform)
    {
        long begin = _time.GetTimestamp();
        using CancellationTokenSource late = new(pull.Limit, _time);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, pull.Stopped);
        try
        {
            await Recovered.WaitAsync(end.Token);
            string full = await _pull(name, platform, pull, end.Token);
            Pulled(full);
            Done(_logger, full, _time.GetElapsedTime(begin).TotalSeconds);
            return full;
        }
        catch (Exception e) when (late.IsCancellationRequested && !pull.Stopped.IsCancellationRequested)
        {
            // What a cut-off call throws depends on where it was cut off.
            Failed(_logger, name.Familiar, _time.GetElapsedTime(begin).TotalSeconds, $"it took longer than {pull.Limit.TotalSeconds} s");
            throw new TimeoutException($"the pull of {name.Familiar} took longer than {pull.Limit.TotalSeconds} s", e);
        }
        catch (Exception e) when (pull.Stopped.IsCancellationRequested)
        {
            throw new OperationCanceledException("the pull was taken back", e);
        }
        catch (Exception e) when (e is IOException or ImageException or ContainerdException)
        {
            Failed(_logger, name.Familiar, _time.GetElapsedTime(begin).TotalSeconds, e.Message);
            throw;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(key);
            }
        }
    }

    [LoggerMessage(EventId = 1601, EventName = "pull", Level = LogLevel.Information, Message = "Pulled {Image} in {Seconds:F1} s")]
    private static partial void Done(ILogger logger, string image, double seconds);

    [LoggerMessage(EventId = 1602, EventName = "pull", Level = LogLevel.Warning, Message = "Could not pull {Image} ({Seconds:F1} s): {Cause}")]
    private static partial void Failed(ILogger logger, string image, double seconds, string cause);
}
