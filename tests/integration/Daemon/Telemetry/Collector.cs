using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Sleigh.IntegrationTests.Daemon.Telemetry;

/// <summary>A collector that takes OTLP over HTTP with protobuf and keeps all of it.</summary>
internal sealed class Collector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body, string? Key)> _received = new();

    public Collector()
    {
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _ = Task.Run(ListenAsync);
    }

    public string Address { get; }

    /// <summary>All bodies, as they came.</summary>
    public IEnumerable<byte[]> Bodies => _received.Select(r => r.Body);

    /// <summary>The values of the header <c>x-key</c>.</summary>
    public IEnumerable<string?> Keys => _received.Select(r => r.Key);

    public SentSpan[] Spans =>
    [
        .. Of("/v1/traces").SelectMany(r => r.Messages(2)).SelectMany(scope => scope.Messages(2)).Select(s => new SentSpan(
            s.Hex(1), s.Hex(2), s.Hex(4), s.Text(5), (int)s.Number(6), s.Number(7), s.Number(8), (int)(s.Messages(15).FirstOrDefault()?.Number(3) ?? 0),
            s.Attributes(9))),
    ];

    /// <summary>Attributes of the resource that sent.</summary>
    public Dictionary<string, string> Resource => Of("/v1/traces").First().Messages(1).Single().Attributes(1);

    public HashSet<string> Metrics => [.. Of("/v1/metrics").SelectMany(r => r.Messages(2)).SelectMany(scope => scope.Messages(2)).Select(m => m.Text(1))];

    public void Dispose() => _listener.Close();

    private IEnumerable<WireMessage> Of(string path) => _received.Where(r => r.Path == path).SelectMany(r => new WireMessage(r.Body).Messages(1));

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext call = await _listener.GetContextAsync();
                using MemoryStream body = new();
                await call.Request.InputStream.CopyToAsync(body);
                _received.Enqueue((call.Request.Url!.AbsolutePath, body.ToArray(), call.Request.Headers["x-key"]));
                call.Response.ContentType = "application/x-protobuf";
                call.Response.Close();
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
