using System.Net;
using System.Net.Sockets;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Ports whose servers are real ones on this host's loopback, or missing.</summary>
internal sealed class FakePorts(TimeProvider time) : IPorts
{
    private readonly SortedDictionary<(string Sandbox, int Port), SandboxPort> _ports = [];
    private readonly Dictionary<string, (SandboxId Sandbox, int Port, DateTimeOffset Expires)> _links = [];
    private readonly Dictionary<(string Sandbox, int Port), CancellationTokenSource> _takenBack = [];
    private readonly Lock _lock = new();

    /// <summary>The real ports of servers, by the ports that are declared for them.</summary>
    public Dictionary<int, int> Servers { get; } = [];

    /// <summary>Ends the run of the sandboxes.</summary>
    public CancellationTokenSource Run { get; } = new();

    /// <summary>What each connection fails with; null: none does.</summary>
    public RuntimeException? Fault { get; set; }

    public TimeSpan? Waited { get; private set; }

    public bool? Listen { get; private set; }

    public int Touches { get; private set; }

    public IReadOnlyList<SandboxPort> List(SandboxId id) => [.. _ports.Values.Where(p => p.Sandbox == id)];

    public SandboxPort Get(SandboxId id, int port) => _ports.GetValueOrDefault((id.ToString(), port))
        ?? throw new RuntimeException(ErrorKind.NotFound, $"resource not found: port {port} of sandbox {id}");

    public SandboxPort Put(SandboxId id, int port, bool? listen)
    {
        Listen = listen;
        return _ports[(id.ToString(), port)] = new SandboxPort
        {
            Sandbox = id, Number = port, Status = Servers.ContainsKey(port) ? PortStatus.Listening : PortStatus.Waiting,
            Tcp = listen == true ? new IPEndPoint(IPAddress.Loopback, 30_000) : null,
        };
    }

    public void Remove(SandboxId id, int port)
    {
        _ = Get(id, port);
        _ports.Remove((id.ToString(), port));
        if (_takenBack.Remove((id.ToString(), port), out CancellationTokenSource? end))
        {
            end.Cancel();
            end.Dispose();
        }
    }

    public Task<SandboxPort> WaitAsync(SandboxId id, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        Waited = limit;
        return Task.FromResult(Get(id, port));
    }

    public PortLink Link(SandboxId id, int port, TimeSpan life)
    {
        _ = Get(id, port);
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + life).ToUnixTimeSeconds());
        lock (_lock)
        {
            string value = $"{expires.ToUnixTimeSeconds()}.link{_links.Count}";
            _links[value] = (id, port, expires);
            return new PortLink(value, expires);
        }
    }

    public DateTimeOffset? Opens(SandboxId id, int port, string value)
    {
        lock (_lock)
        {
            return _links.TryGetValue(value, out (SandboxId Sandbox, int Port, DateTimeOffset Expires) link) && link.Sandbox == id && link.Port == port
                && time.GetUtcNow() < link.Expires ? link.Expires : null;
        }
    }

    public PortPlace Reach(SandboxId id, int port)
    {
        _ = Get(id, port);
        if (!_takenBack.TryGetValue((id.ToString(), port), out CancellationTokenSource? end))
        {
            _takenBack[(id.ToString(), port)] = end = new CancellationTokenSource();
        }

        return new PortPlace("run.sandbox", Run.Token, end.Token);
    }

    public async ValueTask<Stream> ConnectAsync(string place, int port, CancellationToken cancellationToken)
    {
        if (Fault is { } fault)
        {
            throw fault;
        }

        if (!Servers.TryGetValue(port, out int real))
        {
            throw new RuntimeException(ErrorKind.PortNotListening, $"nothing listens on port {port} of sandbox sbx_000000000001");
        }

        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, real), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public void Touch(SandboxId id) => Touches++;
}
