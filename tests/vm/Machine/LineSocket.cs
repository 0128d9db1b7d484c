using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.VmTests.Machine;

/// <summary>JSON objects, one on a line, over a unix socket of QEMU.</summary>
internal sealed class LineSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _chunk = new byte[64 * 1024];
    private readonly MemoryStream _line = new();
    private int _next;
    private int _filled;

    public async Task ConnectAsync(string path, CancellationToken cancellationToken) =>
        await _socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);

    public async Task SendAsync(JsonObject request, CancellationToken cancellationToken) =>
        await SendAsync(JsonSerializer.SerializeToUtf8Bytes(request), cancellationToken);

    public async Task SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        byte[] line = [.. request.Span, (byte)'\n'];
        for (int sent = 0; sent < line.Length;)
        {
            sent += await _socket.SendAsync(line.AsMemory(sent), cancellationToken);
        }
    }

    /// <summary>The next object.</summary>
    /// <exception cref="IOException">The other end closed.</exception>
    public async Task<JsonObject> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int end = _chunk.AsSpan(_next, _filled - _next).IndexOf((byte)'\n');
            _line.Write(_chunk, _next, end < 0 ? _filled - _next : end);
            if (end >= 0)
            {
                _next += end + 1;
                byte[] line = _line.ToArray();
                _line.SetLength(0);
                return JsonNode.Parse(line)?.AsObject() ?? throw new IOException("QEMU sent an empty answer");
            }

            _next = 0;
            _filled = await _socket.ReceiveAsync(_chunk, cancellationToken);
            if (_filled == 0)
            {
                throw new IOException("QEMU closed the connection");
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _line.Dispose();
    }
}
