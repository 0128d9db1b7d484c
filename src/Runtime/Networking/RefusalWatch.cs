using Microsoft.Extensions.Logging;
using Sleigh.Network;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Networking;

/// <summary>
/// Reads every five seconds, while any sandbox is on the network, how many packets were refused: for the sandboxes' views, and for events. One program
/// reads the counters of all of them.
/// </summary>
internal sealed partial class RefusalWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly SandboxTable _table;
    private readonly SandboxNetworks _networks;
    private readonly RecordStore _records;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RefusalLedger _ledger = new();
    private readonly CancellationTokenSource _stop = new();
    private HashSet<NamespaceName> _old = [];
    private Task _loop = Task.CompletedTask;

    public RefusalWatch(SandboxTable table, SandboxNetworks networks, RecordStore records, TimeProvider time, ILogger logger) =>
        (_table, _networks, _records, _time, _logger) = (table, networks, records, time, logger);

    private IEnumerable<(SandboxEntry Entry, NamespaceName Network)> Connected => _table.All
        .Where(e => !e.IsDeleted).Select(e => (e, e.Slot?.Network)).Where(p => p.Network is not null).Select(p => (p.e, p.Network!.Name));

    /// <summary>Begins. What was refused to sandboxes that are there already is in their counters and is not told again.</summary>
    public void Start()
    {
        _old = [.. Connected.Select(p => p.Network)];
        _loop = Task.Run(RunAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, _time, _stop.Token);
                await LookAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    private async Task LookAsync()
    {
        (SandboxEntry Entry, NamespaceName Network)[] connected = [.. Connected];
        if (connected.Length == 0)
        {
            return;
        }

        try
        {
            IReadOnlyDictionary<NamespaceName, Refusals> counts = await _networks.RefusedAsync(_stop.Token);
            List<EventDraft> events = [];
            foreach ((SandboxEntry entry, NamespaceName network) in connected.Where(p => counts.ContainsKey(p.Network)))
            {
                Refusals now = counts[network];
                entry.Refused = new RefusedSample(network, now);
                if (_old.Remove(network))
                {
                    _ledger.Begin(entry.Id, network, now);
                }
                else if (_ledger.Hear(entry.Id, network, now, _time.GetUtcNow()) is Refusals since)
                {
                    events.Add(EventDraft.Refused(entry.Record.Sandbox, since));
                }
            }

            _ledger.Keep(connected.Select(p => p.Entry.Id).ToHashSet());
            if (events.Count > 0)
            {
                _records.Tell(events);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NotRead(_logger, e);
        }
    }

    [LoggerMessage(EventId = 2212, EventName = "network", Level = LogLevel.Warning, Message = "Could not read or tell the refused packets of sandboxes; trying again")]
    private static partial void NotRead(ILogger logger, Exception exception);
}
