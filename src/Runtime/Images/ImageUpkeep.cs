using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Images;

/// <summary>What is done to images by the clock: the prefetch list at start and daily, unused ones with each clean-up.</summary>
internal sealed partial class ImageUpkeep
{
    private static readonly TimeSpan PrefetchInterval = TimeSpan.FromDays(1);

    private readonly IImages _images;
    private readonly Func<CancellationToken, Task> _pruneViews;
    private readonly SleighOptions _options;
    private readonly Background _background;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, DateTimeOffset> _due;
    private DateTimeOffset _nextCleanUp;
    private int _busy;

    public ImageUpkeep(
        IImages images, Func<CancellationToken, Task> pruneViews, SleighOptions options, Background background, TimeProvider time, ILogger logger)
    {
        (_images, _pruneViews, _options, _background, _time, _logger) = (images, pruneViews, options, background, time, logger);
        DateTimeOffset now = time.GetUtcNow();
        _due = options.Images.Prefetch.Distinct().ToDictionary(n => n, _ => now, StringComparer.Ordinal);
        _nextCleanUp = now + options.Maintenance.Interval;
    }

    /// <summary>Begins what is due, in the background. What an earlier call began is waited for by not beginning anew.</summary>
    public void Tick()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            return;
        }

        DateTimeOffset now = _time.GetUtcNow();
        if (now < _nextCleanUp && _due.Values.All(d => d > now))
        {
            Volatile.Write(ref _busy, 0);
            return;
        }

        _background.Run("keep images in order", async () =>
        {
            try
            {
                await RunAsync(now);
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        });
    }

    /// <summary>Does what is due.</summary>
    public async Task RunAsync(DateTimeOffset now)
    {
        foreach (string name in _due.Where(d => d.Value <= now).Select(d => d.Key).ToArray())
        {
            try
            {
                await _images.PullAsync(name, null, null, CancellationToken.None);
                _due[name] = now + PrefetchInterval;
            }
            catch (RuntimeException e)
            {
                // A registry that is down for an hour must not cost a day. The pull itself has logged why.
                _due[name] = now + Shorter(_options.Maintenance.Interval, PrefetchInterval);
                if (e.Kind == ErrorKind.ShuttingDown)
                {
                    return;
                }
            }
        }

        if (now >= _nextCleanUp)
        {
            _nextCleanUp = now + _options.Maintenance.Interval;
            await CleanUpAsync();
        }
    }

    private async Task CleanUpAsync()
    {
        if (_options.Images.UnusedTime is TimeSpan unused)
        {
            PrunedImages pruned = await _images.PruneAsync(unused, dryRun: false, CancellationToken.None);
            foreach (ImageSummary image in pruned.Images)
            {
                Removed(_logger, image.Name, unused.TotalDays);
            }
        }

        await _pruneViews(CancellationToken.None);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(EventId = 1621, Level = LogLevel.Information, Message = "Removed the image {Image}: unused for {Days} days")]
    private static partial void Removed(ILogger logger, string image, double days);
}
