using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Images;

/// <summary>When each image was last pulled, or last a sandbox's. Exact while the daemon runs; in the records it may be a minute old.</summary>
internal sealed partial class ImageUses
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly RecordStore _records;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Use> _uses = new(StringComparer.Ordinal);

    public ImageUses(RecordStore records, TimeProvider time, ILogger logger)
    {
        (_records, _time, _logger) = (records, time, logger);
        foreach ((string name, DateTimeOffset used) in records.ReadImageUses())
        {
            _uses[name] = new Use(used, used);
        }
    }

    /// <summary>The image is in use now.</summary>
    public void Note(string name)
    {
        if (ImageName.TryParse(name, null, out ImageName? parsed))
        {
            string full = parsed.ToString();
            DateTimeOffset now = _time.GetUtcNow();
            DateTimeOffset recorded = _uses.TryGetValue(full, out Use? before) ? before.Recorded : DateTimeOffset.MinValue;
            bool due = now - recorded >= Step;
            _uses[full] = new Use(now, due ? now : recorded);
            if (due)
            {
                Record(full, () => _records.PutImageUse(full, now));
            }
        }
    }

    /// <summary>The last use of a full name; null when none is known.</summary>
    public DateTimeOffset? Of(string fullName) => _uses.GetValueOrDefault(fullName)?.Last;

    /// <summary>The image is gone.</summary>
    public void Forget(string fullName)
    {
        if (_uses.TryRemove(fullName, out _))
        {
            Record(fullName, () => _records.RemoveImageUse(fullName));
        }
    }

    // Knowing when an image was used is not worth a sandbox.
    private void Record(string name, Action write)
    {
        try
        {
            write();
        }
        catch (SqliteException e)
        {
            NotRecorded(_logger, name, e);
        }
    }

    private sealed record Use(DateTimeOffset Last, DateTimeOffset Recorded);

    [LoggerMessage(EventId = 1611, EventName = "use-image", Level = LogLevel.Warning, Message = "Could not record the last use of {Image}")]
    private static partial void NotRecorded(ILogger logger, string image, Exception exception);
}
