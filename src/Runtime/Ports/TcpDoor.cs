using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Sleigh.Runtime;

/// <summary>
/// A TCP port of the host's loopback; each connection to it is carried on to a port of a sandbox, bytes as they are, both ways, and each direction
/// until its own end. One that is silent holds no memory of ours; one whose receiver is slow holds one piece each way, and its sender waits.
/// </summary>
internal sealed class TcpDoor : IAsyncDisposable
{
    private const int Backlog = 128;
    private const int Piece = 32 * 1024;

    // Where the process has no descriptor left, trying again at once would only burn the CPU.
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    // A side that is gone for good resets the probe that is sent to it; seen within about two minutes, however silent the other is.
    private const int SecondsBeforeProbe = 60;
    private const int SecondsBetweenProbes = 10;
    private const int Probes = 6;

    private readonly Socket _listener;
    private readonly Func<CancellationToken, ValueTask<PortStream>> _connect;
    private readonly Action<Exception?> _ended;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    // The connections that are served, and one for the door itself.
    private int _open = 1;

    private TcpDoor(Socket listener, Func<CancellationToken, ValueTask<PortStream>> connect, Action<Exception?> ended)
    {
        (_listener, _connect, _ended) = (listener, connect, ended);
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Opens a port; null when another program has it.</summary>
    /// <param name="port">Of 127.0.0.1.</param>
    /// <param name="connect">Opens a connection into the sandbox.</param>
    /// <param name="ended">Told of the end of each connection that was accepted, with the reason where it did not get into the sandbox.</param>
    /// <exception cref="SocketException">The kernel refused for another reason.</exception>
    public static TcpDoor? TryOpen(int port, Func<CancellationToken, ValueTask<PortStream>> connect, Action<Exception?> ended)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bool kept = false;
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(Backlog);
            kept = true;
            return new TcpDoor(socket, connect, ended);
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

    /// <summary>Stops listening at once, ends the connections, and completes when the last has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _stop.CancelAsync();
        await _accepting;
        Leave();
        await _over.Task;
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _open);
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
        Exception? refusal = null;
        try
        {
            near.NoDelay = true;
            await using PortStream stream = await _connect(_stop.Token);
            await CarryAsync(near, stream);
        }
        catch (RuntimeException e)
        {
            refusal = e;
            Reset(near);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Reset(near);
        }
        finally
        {
            _ended(refusal);
            Leave();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _over.SetResult();
        }
    }

    private async Task CarryAsync(Socket near, PortStream stream)
    {
        Probe(near);
        Probe(stream.Socket);
        using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, stream.Ended);
        Task into = PumpAsync(near, stream.Socket, broken), back = PumpAsync(stream.Socket, near, broken);
        if (await Task.WhenAny(into, back) == into)
        {
            await WatchAsync(near, back, broken);
        }
        else
        {
            await WatchAsync(stream.Socket, into, broken);
        }

        await Task.WhenAll(into, back);
    }

    // Who has ended its direction may read on, or be gone: nothing is received from it any more that would tell, but its socket gets an error.
    private static async Task WatchAsync(Socket silent, Task other, CancellationTokenSource broken)
    {
        while (await Task.WhenAny(other, Task.Delay(BetweenLooks, broken.Token)) != other && !broken.IsCancellationRequested)
        {
            if (silent.Poll(0, SelectMode.SelectError))
            {
                await broken.CancelAsync();
            }
        }
    }

    // One side may close its direction and still read the other's.
    private static async Task PumpAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        try
        {
            while (await PassPieceAsync(from, to, broken.Token))
            {
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception)
        {
            await broken.CancelAsync();
            throw;
        }
    }

    // False at the end of the direction. Nothing is held while there is nothing to carry: a receive into no room waits for the first byte.
    private static async ValueTask<bool> PassPieceAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        await from.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            int count = await from.ReceiveAsync(buffer.AsMemory(0, Piece), cancellationToken);
            for (int sent = 0; sent < count;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken);
            }

            return count > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Probe(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SecondsBeforeProbe);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, SecondsBetweenProbes);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }

    // All that can be said over a connection that got nowhere, as a port without a server says it: a reset.
    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }
}
