using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sleigh.Linux.KernelFiles;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>
/// Holds the disk limits of sandboxes: by the kernel where it can (<c>hard</c>), else by looking at what they hold (<c>soft</c>). The commands of a sandbox that is
/// found over a soft limit are ended, and nothing but deleting is let in until it is below.
/// </summary>
internal sealed partial class DiskLimits : IAsyncDisposable
{
    private const long MiB = 1024 * 1024;

    private readonly LayerStore _layers;
    private readonly SandboxTable _sandboxes;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<LayerId, SoftLimit> _soft = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _looks = [];
    private Task _loop = Task.CompletedTask;

    public DiskLimits(LayerStore layers, SandboxTable sandboxes, LiveOptions options, TimeProvider time, ILogger logger) =>
        (_layers, _sandboxes, _options, _time, _logger) = (layers, sandboxes, options, time, logger);

    /// <summary>Ends all processes of a sandbox but its first; set once, before anything starts.</summary>
    public Action<Slot> EndCommands { get; set; } = _ => { };

    /// <summary>Begins to look at those with a soft limit.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Puts a limit in force, in whichever way it can be had; null: nothing happens.</summary>
    /// <exception cref="LayerLimitException">The kernel cannot hold it, and <c>storage.soft_disk_limits</c> is off.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    public async Task HoldAsync(LayerId layer, long? bytes, CancellationToken cancellationToken = default)
    {
        if (bytes is not long limit)
        {
            return;
        }

        try
        {
            await _layers.SetLimitAsync(layer, limit, cancellationToken);
            _soft.TryRemove(layer, out _);
        }
        catch (LayerLimitException) when (_options.Now.Storage.SoftDiskLimits)
        {
            // One that is there already may have writers, whom only it can break off.
            _soft.AddOrUpdate(layer, _ => new SoftLimit(limit), (_, known) => known.LimitBytes == limit ? known : new SoftLimit(limit));
        }
    }

    /// <summary>How the limit of a sandbox is held; null: it has none.</summary>
    public DiskLimitKind? KindOf(SandboxRecord record) => record.DiskLimitBytes is null ? null
        : _soft.ContainsKey(LayerId.Parse(record.Layer)) ? DiskLimitKind.Soft
        : DiskLimitKind.Hard;

    /// <summary>What a live layer holds and may hold; with a soft limit, as of the last look.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public LayerUse? UseOf(LayerId layer) => _soft.TryGetValue(layer, out SoftLimit? soft) ? soft.Use : _layers.UseOf(layer);

    /// <summary>Whether a write into a sandbox failed for its own limit; else the disk is full, or it failed for something else.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public bool IsAtLimit(SandboxEntry entry, TreeFileException failure) => failure.Failure == TreeFailure.Full && entry.Record.DiskLimitBytes is not null
        && (failure.NamesLimit || (UseOf(LayerId.Parse(entry.Record.Layer)) is LayerUse use && DiskReport.IsAtLimit(use)));

    /// <summary>The error for a write that failed for want of room.</summary>
    /// <param name="entry">The sandbox.</param>
    /// <param name="failure">What the kernel said.</param>
    /// <param name="rest">What became of the call, such as <c>nothing was mounted</c>.</param>
    /// <exception cref="IOException">The kernel refused to say which of the two it was.</exception>
    public RuntimeException NoRoom(SandboxEntry entry, TreeFileException failure, string rest) => IsAtLimit(entry, failure)
        ? new RuntimeException(ErrorKind.DiskFull, $"the sandbox is at its disk limit; {rest}", failure)
        {
            Hint = "delete files in the sandbox, or use one with a higher disk_limit_mb",
        }
        : new RuntimeException(ErrorKind.DiskFull, $"the disk is full; {rest}", failure)
        {
            Hint = "delete snapshots or sandboxes that are no longer needed",
        };

    /// <summary>Lets in what may write to a sandbox; with a soft limit that is near, looks first.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.DiskFull"/>: it is over its soft limit.</exception>
    public async Task RequireRoomAsync(SandboxEntry entry, CancellationToken cancellationToken)
    {
        if (Find(entry) is not SoftLimit soft || !soft.IsNear)
        {
            return;
        }

        await MeasureAsync(LayerId.Parse(entry.Record.Layer), soft, cancellationToken);
        if (soft.IsOver)
        {
            throw Over(entry, soft);
        }
    }

    /// <summary>Runs what writes to a sandbox from outside; it is ended when the sandbox gets over a soft limit.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.DiskFull"/>: it is or gets over its soft limit. What was written stays.</exception>
    /// <param name="entry">The sandbox.</param>
    /// <param name="write">Writes. Where there is a soft limit it is given whom to ask for room, so that a file counts while it comes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> WriteAsync<T>(SandboxEntry entry, Func<IWriteRoom?, CancellationToken, Task<T>> write, CancellationToken cancellationToken)
    {
        if (Find(entry) is not SoftLimit soft)
        {
            return await write(null, cancellationToken);
        }

        await RequireRoomAsync(entry, cancellationToken);
        CancellationToken over = soft.Over;
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over);
        LayerId layer = LayerId.Parse(entry.Record.Layer);
        using SoftRoom room = new(soft, token => MeasureAsync(layer, soft, token), () => TooMuch(entry, soft));
        soft.BeginWrite();
        try
        {
            return await write(room, either.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Over(entry, soft);
        }
        finally
        {
            soft.EndWrite();
        }
    }

    /// <summary>Stops looking.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Task.WhenAll(_looks);
        _stop.Dispose();
    }

    private static RuntimeException Over(SandboxEntry entry, SoftLimit soft) => Full(
        soft,
        string.Create(
            CultureInfo.InvariantCulture, $"sandbox {entry.Id} is over its disk limit: it holds {(soft.UsedBytes ?? 0) / MiB} MB of {soft.LimitBytes / MiB}"));

    private static RuntimeException TooMuch(SandboxEntry entry, SoftLimit soft) => Full(
        soft,
        string.Create(
            CultureInfo.InvariantCulture,
            $"sandbox {entry.Id} has no room within its disk limit for what is being written: it holds {(soft.UsedBytes ?? 0) / MiB} MB of {soft.LimitBytes / MiB}"));

    private static RuntimeException Full(SoftLimit soft, string message) => new(ErrorKind.DiskFull, message)
    {
        Hint = "delete files over the API (DELETE /sandboxes/{id}/files), roll back, or use a sandbox with a higher disk_limit_mb: the limit is soft on this host, and nothing else is let in",
        Details = new Dictionary<string, object>
        {
            ["limit_mb"] = soft.LimitBytes / MiB, ["used_mb"] = (soft.UsedBytes ?? 0) / MiB, ["disk_limit_kind"] = "soft",
        },
    };

    private SoftLimit? Find(SandboxEntry entry) =>
        entry.Record.DiskLimitBytes is null || !_soft.TryGetValue(LayerId.Parse(entry.Record.Layer), out SoftLimit? soft) ? null : soft;

    private async Task RunAsync()
    {
        try
        {
            using PeriodicTimer timer = new(SoftLimit.Shortest, _time);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    Look();
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    NotLooked(_logger, "sandboxes", e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    // Each on a thread of its own: a large layer does not hold up the look at another.
    private void Look()
    {
        if (_soft.IsEmpty)
        {
            return;
        }

        HashSet<LayerId> known = [];
        foreach (SandboxEntry entry in _sandboxes.Unordered.Where(e => !e.IsDeleted))
        {
            LayerId layer = LayerId.Parse(entry.Record.Layer);
            known.Add(layer);
            if (_soft.TryGetValue(layer, out SoftLimit? soft) && entry.Slot is { IsProcessAlive: true, Ending: null } slot && soft.TryBegin(_time.GetUtcNow(), BusyOf(slot)))
            {
                _looks.RemoveAll(look => look.IsCompleted);
                _looks.Add(LookAsync(entry, layer, soft, slot));
            }
        }

        LayerId[] others = [.. _soft.Keys.Where(layer => !known.Contains(layer))];
        if (others.Length == 0)
        {
            return;
        }

        // A layer that is being made has no sandbox yet.
        HashSet<LayerId> live = [.. _layers.List().Live];
        foreach (LayerId gone in others.Where(layer => !live.Contains(layer)))
        {
            // Not disposed of: a look or a writer that began before may still end it.
            _soft.TryRemove(gone, out _);
        }
    }

    private async Task LookAsync(SandboxEntry entry, LayerId layer, SoftLimit soft, Slot slot)
    {
        try
        {
            if (await MeasureAsync(layer, soft, _stop.Token) is not long used)
            {
                soft.Failed(_time.GetUtcNow());
                return;
            }

            if (soft.IsOver && HasProcesses(slot))
            {
                FoundOver(_logger, entry.Id.ToString(), used / MiB, soft.LimitBytes / MiB);
                EndCommands(slot);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
        catch (IOException e)
        {
            soft.Failed(_time.GetUtcNow());
            NotLooked(_logger, entry.Id.ToString(), e);
        }
    }

    private async Task<long?> MeasureAsync(LayerId layer, SoftLimit soft, CancellationToken cancellationToken)
    {
        long begin = _time.GetTimestamp();
        long placed = soft.PlacedBytes;
        if (await _layers.MeasureAsync(layer, cancellationToken) is not LayerHolding found)
        {
            return null;
        }

        soft.Found(found.Counted, _time.GetUtcNow(), _time.GetElapsedTime(begin), placed);
        return found.Counted;
    }

    private static TimeSpan? BusyOf(Slot slot)
    {
        try
        {
            return slot.Execs.ReadUsage().Cpu?.Usage;
        }
        catch (KernelFileException)
        {
            return null;
        }
    }

    private static bool HasProcesses(Slot slot)
    {
        try
        {
            return slot.Execs.ReadEvents().Populated;
        }
        catch (KernelFileException)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 1340, EventName = "disk-limit", Level = LogLevel.Warning, Message = "{Sandbox} holds {Used} MB of {Limit}: its commands are ended")]
    private static partial void FoundOver(ILogger logger, string sandbox, long used, long limit);

    [LoggerMessage(EventId = 1341, EventName = "disk-limit", Level = LogLevel.Warning, Message = "Could not look at what {Sandbox} holds")]
    private static partial void NotLooked(ILogger logger, string sandbox, Exception exception);
}
