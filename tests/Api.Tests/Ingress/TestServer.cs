using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>A server on this host's loopback that keeps what it is sent and answers what a test says, byte by byte.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, string, Task> _answer;
    private readonly Task _accepting;

    /// <param name="answer">Gets the connection and the head of the request.</param>
    public TestServer(Func<Stream, string, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Answers this text to everything, once a connection.</summary>
    public TestServer(string reply)
        : this((stream, _) => WriteAsync(stream, reply))
    {
    }

    public int Port { get; }

    /// <summary>Heads of all requests, in order.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    public static async Task WriteAsync(Stream stream, string text)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        await stream.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped before it listened again is the last of these.
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient open = client;
        try
        {
            await using NetworkStream stream = client.GetStream();
            StringBuilder head = new();
            byte[] one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _stop.Token) == 1)
            {
                head.Append((char)one[0]);
            }

            if (head.Length > 0)
            {
                Heads.Enqueue(head.ToString());
                await _answer(stream, head.ToString());
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The proxy has gone.
        }
    }
}
