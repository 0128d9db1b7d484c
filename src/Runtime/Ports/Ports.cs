using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sleigh.Linux.Sockets;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IPorts"/>
internal sealed partial class Ports : IPorts, IAsyncDisposable
{
    private const string PlaceEnd = ".sandbox";

    private readonly SandboxTable _table;
    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly RecordStore _records;
    private readonly PortConnector _connector;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TcpDoors _doors = new();

    // Held for a few microseconds and a write of the database: declared ports and doors change together.
    private readonly Lock _changes = new();

    // By the keys of ports that have been reached; each ends when its port is taken back.
    private readonly Dictionary<string, CancellationTokenSource> _declared = [];

    public Ports(SandboxParts parts, PortConnector connector)
    {
        (_table, _starter, _execs, _records) = (parts.Table, parts.Starter, parts.Execs, parts.Records);
        (_options, _time, _logger, _connector) = (parts.Options, parts.Time, parts.Logger, connector);
    }

    /// <summary>Gives the sandboxes found at start their ports.</summary>
    public void Adopt()
    {
        foreach (IGrouping<SandboxId, PortRecord> of in _records.ReadPorts().GroupBy(record => record.Sandbox))
        {
            if (_table.Find(of.Key) is SandboxEntry entry)
            {
                entry.Ports = [.. of];
            }
        }
    }

    /// <summary>Listens again at the TCP ports that are recorded.</summary>
    public void Start()
    {
        lock (_changes)
        {
            foreach (PortRecord record in _table.All.Where(e => !e.IsDeleted).SelectMany(e => e.Ports).Where(r => r.Tcp is not null))
            {
                if (!TryOpenDoor(record, record.Tcp!.Value))
                {
                    DoorTaken(_logger, record.Tcp.Value, record.Number, record.Sandbox.ToString());
                }
            }
        }
    }

    /// <summary>Ends what a sandbox that is being deleted has open at the host.</summary>
    public void Forget(SandboxEntry entry)
    {
        lock (_changes)
        {
            _doors.Close(entry.Id);
            foreach (PortRecord record in entry.Ports)
            {
                End(record);
            }
        }
    }

    /// <summary>Stops listening; nothing is forgotten.</summary>
    public async ValueTask DisposeAsync() => await _doors.DisposeAsync();

    /// <inheritdoc/>
    public IReadOnlyList<SandboxPort> List(SandboxId id)
    {
        SandboxEntry entry = _table.Require(id);
        IReadOnlyList<PortRecord> records = entry.Ports;
        IReadOnlyList<IPEndPoint> listening = records.Count == 0 ? [] : ListeningIn(entry.Slot);
        return [.. records.OrderBy(r => r.Number).Select(r => View(entry, r, listening))];
    }

    /// <inheritdoc/>
    public SandboxPort Get(SandboxId id, int port)
    {
        SandboxEntry entry = _table.Require(id);
        PortRecord record = Require(entry, port);
        return View(entry, record, ListeningIn(entry.Slot));
    }

    /// <inheritdoc/>
    public SandboxPort Put(SandboxId id, int port, bool? listen)
    {
        SandboxEntry entry = _table.Require(id);
        if (entry.Slot is { IsProcessAlive: true } slot)
        {
            _connector.RefuseHosts(slot);
        }

        lock (_changes)
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(id);
            }

            PortRecord? before = entry.Ports.FirstOrDefault(r => r.Number == port);
            if (before is null && entry.Ports.Count >= IPorts.MostPerSandbox)
            {
                throw RuntimeException.Quota(
                    "ports_per_sandbox", IPorts.MostPerSandbox,
                    string.Create(CultureInfo.InvariantCulture, $"the sandbox has {IPorts.MostPerSandbox} ports declared already; take one back first"));
            }

            Change(entry, before ?? PortRecord.New(id, port), isNew: before is null, listen);
        }

        return Get(id, port);
    }

    /// <inheritdoc/>
    public void Remove(SandboxId id, int port)
    {
        SandboxEntry entry = _table.Require(id);
        lock (_changes)
        {
            PortRecord record = Require(entry, port);
            _records.RemovePort(id, port);
            entry.Ports = [.. entry.Ports.Where(r => r != record)];
            _doors.Close(id, port);
            End(record);
        }
    }

    /// <inheritdoc/>
    public async Task<SandboxPort> WaitAsync(SandboxId id, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        PortWaitPace pace = new();
        using CancellationTokenSource end = new(limit, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken, _execs.Stopping);
        while (true)
        {
            SandboxPort now = Get(id, port);
            if (now.Status == PortStatus.Listening || any.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return now;
            }

            await Task.Delay(pace.Next(), _time, any.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public PortLink Link(SandboxId id, int port, TimeSpan life)
    {
        PortRecord record = Require(_table.Require(id), port);
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds((_time.GetUtcNow() + life).ToUnixTimeSeconds());
        return new PortLink(PortSignature.Make(record.Key, id, port, expires), expires);
    }

    /// <inheritdoc/>
    public DateTimeOffset? Opens(SandboxId id, int port, string value) =>
        _table.Find(id) is { IsDeleted: false } entry && entry.Ports.FirstOrDefault(r => r.Number == port) is PortRecord record
            ? PortSignature.Check(record.Key, id, port, value, _time.GetUtcNow())
            : null;

    /// <inheritdoc/>
    public PortPlace Reach(SandboxId id, int port)
    {
        SandboxEntry entry = _table.Require(id);
        PortRecord record = Require(entry, port);
        Slot slot = Running(entry);
        lock (_changes)
        {
            if (!entry.Ports.Any(r => r.Key == record.Key))
            {
                _ = Require(entry, port);
            }

            if (!_declared.TryGetValue(record.Key, out CancellationTokenSource? declared))
            {
                _declared[record.Key] = declared = new CancellationTokenSource();
            }

            return new PortPlace($"{id.ToString()[4..]}.{slot.Id}{PlaceEnd}", slot.Connections.Ended, declared.Token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(string place, int port, CancellationToken cancellationToken)
    {
        SandboxId id = SandboxId.Parse("sbx_" + place[..place.IndexOf('.', StringComparison.Ordinal)]);
        Slot slot = Running(_table.Require(id));
        return place.EndsWith($".{slot.Id}{PlaceEnd}", StringComparison.Ordinal)
            ? await _connector.ConnectAsync(slot, id, port, cancellationToken)
            : throw PortConnector.Stopped(id);
    }

    /// <inheritdoc/>
    public void Touch(SandboxId id)
    {
        if (_table.Find(id) is not { IsDeleted: false } entry)
        {
            return;
        }

        try
        {
            _execs.Touch(entry);
        }
        catch (SqliteException e)
        {
            // The answer is on its way already; the use is known until the daemon ends.
            NotNoted(_logger, id.ToString(), e);
        }
    }

    // Not disposed: a request may be about to register with it, and without a timer it holds nothing.
    private void End(PortRecord record)
    {
        if (_declared.Remove(record.Key, out CancellationTokenSource? declared))
        {
            _ = declared.CancelAsync();
        }
    }

    private Slot Running(SandboxEntry entry)
    {
        if (entry.Slot is not { IsProcessAlive: true } slot)
        {
            throw PortConnector.Stopped(entry.Id);
        }

        if (slot.IsSqueezed)
        {
            _starter.Resuming(entry, slot);
        }

        _execs.Touch(entry);
        return slot;
    }

    private void Change(SandboxEntry entry, PortRecord record, bool isNew, bool? listen)
    {
        PortRecord wanted = record;
        bool opens = listen == true && _doors.Find(entry.Id, record.Number) is null;
        if (opens)
        {
            wanted = record with { Tcp = OpenDoor(record) };
        }
        else if (listen == false)
        {
            wanted = record with { Tcp = null };
        }

        if (isNew || wanted != record)
        {
            bool kept = false;
            try
            {
                kept = _records.PutPorts([wanted]);
            }
            finally
            {
                if (!kept && opens)
                {
                    _doors.Close(entry.Id, record.Number);
                }
            }

            if (!kept)
            {
                throw RuntimeException.NoSandbox(entry.Id);
            }

            entry.Ports = [.. entry.Ports.Where(r => r.Number != record.Number), wanted];
        }

        if (listen == false)
        {
            _doors.Close(entry.Id, record.Number);
        }
    }

    // The number it had before is the first choice: callers may know it.
    private int OpenDoor(PortRecord record)
    {
        PortRange range = _options.Now.Ingress.TcpPorts
            ?? throw new RuntimeException(ErrorKind.UnsupportedOnHost, "the operator has set no range of TCP ports (ingress.tcp_ports)")
            {
                Details = new Dictionary<string, object> { ["field"] = "listen" },
            };
        HashSet<int> taken = [.. _table.All.SelectMany(e => e.Ports).Where(r => r != record).Select(r => r.Tcp).OfType<int>()];
        IEnumerable<int> choices = Enumerable.Range(range.First, range.Count).Where(p => !taken.Contains(p));
        foreach (int port in record.Tcp is int before ? choices.Prepend(before) : choices)
        {
            if (TryOpenDoor(record, port))
            {
                return port;
            }
        }

        throw RuntimeException.Quota("ingress.tcp_ports", range.Count, $"all TCP ports that sandboxes may be given ({range}) are in use");
    }

    private bool TryOpenDoor(PortRecord record, int port)
    {
        TcpDoor? door = null;
        try
        {
            door = TcpDoor.TryOpen(port, token => ConnectAsync(record.Sandbox, record.Number, token));
        }
        catch (SocketException e)
        {
            DoorFailed(_logger, port, record.Number, record.Sandbox.ToString(), e);
        }

        if (door is not null)
        {
            _doors.Add(record.Sandbox, record.Number, door);
        }

        return door is not null;
    }

    private async ValueTask<PortStream> ConnectAsync(SandboxId id, int port, CancellationToken cancellationToken) =>
        await _connector.ConnectAsync(Running(_table.Require(id)), id, port, cancellationToken);

    private SandboxPort View(SandboxEntry entry, PortRecord record, IReadOnlyList<IPEndPoint> listening)
    {
        IPEndPoint? tcp = record.Tcp is int port ? new IPEndPoint(IPAddress.Loopback, port) : null;
        return new SandboxPort
        {
            Sandbox = entry.Id,
            Number = record.Number,
            Status = StatusOf(entry.Slot, record.Number, listening),
            Tcp = tcp,
            TcpError = tcp is null || _doors.Find(entry.Id, record.Number) is not null ? null : $"{tcp} is in use by another program",
        };
    }

    private static PortStatus StatusOf(Slot? slot, int port, IReadOnlyList<IPEndPoint> listening)
    {
        if (slot is not { IsProcessAlive: true })
        {
            return PortStatus.Waiting;
        }

        IPEndPoint[] here = [.. listening.Where(address => address.Port == port)];
        if (here.Any(address => ListeningSockets.ReachesLoopback(address.Address)))
        {
            slot.Connections.See(port);
            return PortStatus.Listening;
        }

        return here.Length > 0 || slot.Connections.WasSeen(port) ? PortStatus.Refused : PortStatus.Waiting;
    }

    // What was read counts only if the process lived until afterwards: else the number may have been another's.
    private static IReadOnlyList<IPEndPoint> ListeningIn(Slot? slot)
    {
        IReadOnlyList<IPEndPoint> found = slot is { IsProcessAlive: true } ? ListeningSockets.Of(slot.ProcessId) : [];
        return slot is { IsProcessAlive: true } ? found : [];
    }

    private static PortRecord Require(SandboxEntry entry, int port) => entry.Ports.FirstOrDefault(r => r.Number == port)
        ?? throw new RuntimeException(
            ErrorKind.NotFound, string.Create(CultureInfo.InvariantCulture, $"resource not found: port {port} of sandbox {entry.Id}"))
        {
            Hint = "declare it first: PUT /sandboxes/{id}/ports/{port}",
        };

    [LoggerMessage(EventId = 1480, EventName = "ports", Level = LogLevel.Warning, Message = "TCP port {Tcp} of the host, which leads to port {Port} of {Sandbox}, is in use by another program; put the port again for another one")]
    private static partial void DoorTaken(ILogger logger, int tcp, int port, string sandbox);

    [LoggerMessage(EventId = 1481, EventName = "ports", Level = LogLevel.Warning, Message = "TCP port {Tcp} of the host could not be opened for port {Port} of {Sandbox}")]
    private static partial void DoorFailed(ILogger logger, int tcp, int port, string sandbox, Exception exception);

    [LoggerMessage(EventId = 1486, EventName = "ports", Level = LogLevel.Warning, Message = "That {Sandbox} was used could not be recorded")]
    private static partial void NotNoted(ILogger logger, string sandbox, Exception exception);
}
