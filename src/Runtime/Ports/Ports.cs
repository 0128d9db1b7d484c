using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
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

    // Go with their entries.
    private readonly ConditionalWeakTable<SandboxEntry, SharedLooks<PortLook>> _looks = [];

    // Held for a few microseconds and a write of the database: declared ports and doors change together.
    private readonly Lock _changes = new();

    private readonly ReachedPorts _reached = new();

    private bool _isStopped;

    /// <param name="parts">The sandboxes.</param>
    /// <param name="connector">Opens connections into them.</param>
    public Ports(SandboxParts parts, PortConnector connector)
    {
        (_table, _starter, _execs, _records) = (parts.Table, parts.Starter, parts.Execs, parts.Records);
        (_options, _time, _logger, _connector) = (parts.Options, parts.Time, parts.Logger, connector);
    }

    /// <summary>Told of the session whose sandbox is used; set once, before anything is served.</summary>
    public Action<SessionId> UsedBy { get; set; } = _ => { };

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

    /// <summary>Listens again at the TCP ports that are recorded and that the operator gives, from now on and whichever they are.</summary>
    public void Start()
    {
        _options.OnChange(_ => SetDoors(isStart: false));
        SetDoors(isStart: true);
    }

    /// <summary>Ends what a sandbox that is being deleted has open at the host.</summary>
    public void Forget(SandboxEntry entry)
    {
        lock (_changes)
        {
            _doors.Close(entry.Id);
            foreach (PortRecord record in entry.Ports)
            {
                _reached.End(record);
            }
        }
    }

    /// <summary>Stops listening; nothing is forgotten.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_changes)
        {
            _isStopped = true;
        }

        await _doors.DisposeAsync();
    }

    /// <inheritdoc/>
    public IReadOnlyList<SandboxPort> List(SandboxId id)
    {
        SandboxEntry entry = _table.Require(id);
        IReadOnlyList<PortRecord> records = entry.Ports;
        PortLook look = records.Count == 0 ? new PortLook(entry.Slot, []) : PortLook.Take(entry.Slot);
        return [.. records.OrderBy(r => r.Number).Select(r => View(entry, r, look))];
    }

    /// <inheritdoc/>
    public SandboxPort Get(SandboxId id, int port)
    {
        SandboxEntry entry = _table.Require(id);
        return View(entry, Require(entry, port), PortLook.Take(entry.Slot));
    }

    /// <inheritdoc/>
    public SandboxPort Put(SandboxId id, int port, bool? listen)
    {
        SandboxEntry entry = _table.Require(id);
        if (entry.Record.Sandbox.Network == NetworkMode.Host)
        {
            throw PortConnector.InHostNetwork();
        }

        if (entry.Slot is { IsProcessAlive: true } slot)
        {
            _connector.RefuseHostsIfOpen(slot.Namespaces.Network);
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
            _reached.End(record);
        }
    }

    /// <inheritdoc/>
    public async Task<SandboxPort> WaitAsync(SandboxId id, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = new(limit, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken, _execs.Stopping);
        for (SandboxPort now = Get(id, port); ; now = await LookAgainAsync(id, port, any.Token))
        {
            if (now.Status == PortStatus.Listening || any.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return now;
            }
        }
    }

    private async Task<SandboxPort> LookAgainAsync(SandboxId id, int port, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        SharedLooks<PortLook> looks = _looks.GetValue(entry, e => new SharedLooks<PortLook>(() => PortLook.Take(e.Slot), _time));
        try
        {
            PortLook look = await looks.NextAsync(cancellationToken);
            entry = _table.Require(id);
            return View(entry, Require(entry, port), look);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Get(id, port);
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
        _ = Require(entry, port);
        Slot slot = Running(entry);
        return new PortPlace($"{id.ToString()[4..]}.{slot.Id}{PlaceEnd}", slot.Connections.Ended, _reached.Take(entry, () => Require(entry, port)));
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(string place, int port, CancellationToken cancellationToken)
    {
        SandboxId id = SandboxId.Parse("sbx_" + place[..place.IndexOf('.', StringComparison.Ordinal)]);
        SandboxEntry entry = _table.Require(id);
        Slot slot = Running(entry);
        return place.EndsWith($".{slot.Id}{PlaceEnd}", StringComparison.Ordinal)
            ? await ConnectAsync(entry, slot, port, cancellationToken)
            : throw PortConnector.Stopped(id);
    }

    /// <inheritdoc/>
    public void Touch(SandboxId id)
    {
        if (_table.Find(id) is not { IsDeleted: false } entry)
        {
            return;
        }

        Touch(entry);
    }

    /// <summary>Notes that sandboxes are in use into which a connection is open, and their sessions with them.</summary>
    public void TouchConnected()
    {
        foreach (SandboxEntry entry in _table.All.Where(e => e is { IsDeleted: false, Slot.Connections.Any: true }))
        {
            Touch(entry);
        }
    }

    /// <summary>Whether a connection is open into a sandbox of a session.</summary>
    public bool IsBusy(SessionId session) => _table.All.Any(e => e is { IsDeleted: false, Slot.Connections.Any: true } && e.Record.Sandbox.Session == session);

    private void Touch(SandboxEntry entry)
    {
        try
        {
            _execs.Touch(entry);
            UsedBy(entry.Record.Sandbox.Session);
        }
        catch (SqliteException e)
        {
            // The bytes are on their way already; the use is known until the daemon ends.
            NotNoted(_logger, entry.Id.ToString(), e);
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

        Touch(entry);
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

    private async Task<PortStream> ConnectAsync(SandboxEntry of, Slot slot, int port, CancellationToken cancellationToken)
    {
        PortStream stream = await _connector.ConnectAsync(
            slot.Namespaces.Network, slot.Connections, of.Record.Sandbox.Session, of.Id, port, cancellationToken);

        stream.Ending = () => Touch(of.Id);

        // From the place it has taken on, nobody freezes it; but somebody may have begun to just before.
        if (slot.IsSqueezed && _table.Find(of.Id) is SandboxEntry entry)
        {
            _starter.Resuming(entry, slot);
        }

        return stream;
    }

    private SandboxPort View(SandboxEntry entry, PortRecord record, PortLook look)
    {
        IPEndPoint? tcp = record.Tcp is int port ? new IPEndPoint(IPAddress.Loopback, port) : null;
        return new SandboxPort
        {
            Sandbox = entry.Id,
            Number = record.Number,
            Status = look.StatusOf(record.Number),
            Tcp = tcp,
            TcpError = tcp is null || _doors.Find(entry.Id, record.Number) is not null ? null
                : IsGiven(tcp.Port) ? $"{tcp} is in use by another program"
                : $"{tcp} is closed: it is none of the operator's TCP ports any more (ingress.tcp_ports)",
        };
    }

    private static PortRecord Require(SandboxEntry entry, int port) => entry.Ports.FirstOrDefault(r => r.Number == port)
        ?? throw new RuntimeException(
            ErrorKind.NotFound, string.Create(CultureInfo.InvariantCulture, $"resource not found: port {port} of sandbox {entry.Id}"))
        {
            Hint = "declare it first: PUT /sandboxes/{id}/ports/{port}",
        };

    [LoggerMessage(EventId = 1486, EventName = "ports", Level = LogLevel.Warning, Message = "That {Sandbox} was used could not be recorded")]
    private static partial void NotNoted(ILogger logger, string sandbox, Exception exception);
}
