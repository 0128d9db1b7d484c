using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Images;

/// <summary>What is done to images by the clock: the prefetch list at start and daily, unused ones with each clean-up.</summary>
internal sealed partial class ImageUpkeep
{
    private static readonly TimeSpan PrefetchInterval = TimeSpan.FromDays(1);

    private readonly IImages _images;
    private readonly Func<CancellationToken, Task> _pruneViews;
    private readonly LiveOptions _options;
    private readonly Background _background;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, DateTimeOffset> _due = [];
    private DateTimeOffset _cleaned;
    private int _busy;

    public ImageUpkeep(
        IImages images, Func<CancellationToken, Task> pruneViews, LiveOptions options, Background background, TimeProvider time, ILogger logger)
    {
        (_images, _pruneViews, _options, _background, _time, _logger) = (images, pruneViews, options, background, time, logger);
        _cleaned = time.GetUtcNow();
    }

    private DateTimeOffset NextCleanUp => _cleaned + _options.Now.Maintenance.Interval;

    /// <summary>Begins what is due, in the background. What an earlier call began is waited for by not beginning anew.</summary>
    public void Tick()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
        {
            return;
        }

        DateTimeOffset now = _time.GetUtcNow();
        if (now < NextCleanUp && !Due(now).Any())
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
        foreach (string name in Due(now).ToArray())
        {
            try
            {
                await _images.PullAsync(name, null, null, CancellationToken.None);
                _due[name] = now + PrefetchInterval;
            }
            catch (RuntimeException e)
            {
                // A registry that is down for an hour must not cost a day. The pull itself has logged why.
                _due[name] = now + Shorter(_options.Now.Maintenance.Interval, PrefetchInterval);
                if (e.Kind == ErrorKind.ShuttingDown)
                {
                    return;
                }
            }
        }

        if (now >= NextCleanUp)
        {
            _cleaned = now;
            await CleanUpAsync();
        }
    }

    // A name that has not been fetched yet, as after a reload, is due at once.
    private IEnumerable<string> Due(DateTimeOffset now) =>
        _options.Now.Images.Prefetch.Distinct().Where(name => _due.GetValueOrDefault(name) <= now);

    private async Task CleanUpAsync()
    {
        if (_options.Now.Images.UnusedTime is TimeSpan unused)
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

    [LoggerMessage(EventId = 1621, EventName = "prune", Level = LogLevel.Information, Message = "Removed the image {Image}: unused for {Days} days")]
    private static partial void Removed(ILogger logger, string image, double days);
}
