using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>A TCP port of the host's loopback; each connection to it is carried on to a port of a sandbox, bytes as they are, both ways.</summary>
internal sealed class TcpDoor : IAsyncDisposable
{
    private const int Backlog = 128;
    private const int Piece = 64 * 1024;

    // Where the process has no descriptor left, trying again at once would only burn the CPU.
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly Func<CancellationToken, ValueTask<PortStream>> _connect;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    private TcpDoor(Socket listener, Func<CancellationToken, ValueTask<PortStream>> connect)
    {
        (_listener, _connect) = (listener, connect);
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Opens a port; null when another program has it.</summary>
    /// <param name="port">Of 127.0.0.1.</param>
    /// <param name="connect">Opens a connection into the sandbox.</param>
    /// <exception cref="SocketException">The kernel refused for another reason.</exception>
    public static TcpDoor? TryOpen(int port, Func<CancellationToken, ValueTask<PortStream>> connect)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bool kept = false;
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(Backlog);
            kept = true;
            return new TcpDoor(socket, connect);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return null;
        }
        finally
        {
            if (!kept)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Stops listening at once; connections end behind it.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _stop.CancelAsync();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(AfterFailure, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using Socket near = client;
        try
        {
            near.NoDelay = true;
            await using PortStream stream = await _connect(_stop.Token);
            Socket far = stream.Socket;
            using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Task[] both = [PumpAsync(near, far, broken), PumpAsync(far, near, broken)];
            await Task.WhenAll(both);
        }
        catch (Exception e) when (e is RuntimeException or SocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // Closing the connection is all that can be said over it. One that never got through is reset, as a port without a server does.
            near.LingerState = new LingerOption(enable: true, 0);
        }
    }

    // One side may close its direction and still read the other's.
    private static async Task PumpAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, broken.Token)) > 0)
            {
                for (int sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), broken.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception)
        {
            await broken.CancelAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
