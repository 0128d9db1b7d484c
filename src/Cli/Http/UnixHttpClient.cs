using System.Net.Sockets;

namespace Sleigh.Cli.Http;

/// <summary>
/// HTTP/1.1 over a unix socket, only as much as sleighctl needs. HttpClient would make every command start 70 ms later.
/// Calls may run side by side; each takes an idle connection or opens one.
/// </summary>
internal sealed class UnixHttpClient : IDisposable
{
    // sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)).
    private const int MaxPathBytes = 107;

    private readonly string _path;
    private readonly Stack<HttpConnection> _idle = new();

    public UnixHttpClient(string path)
    {
        int length = System.Text.Encoding.UTF8.GetByteCount(path);
        if (length is 0 or > MaxPathBytes)
        {
            throw new CliException(
                ExitCode.Usage, $"the socket path '{path}' has {length} bytes; a unix socket's path has 1 to {MaxPathBytes}");
        }

        _path = path;
    }

    /// <summary>Sends one request and reads the whole answer, whatever its status.</summary>
    /// <exception cref="CliException">Nobody listens, the user may not connect, or no answer came in time; <see cref="ExitCode.Unreachable"/>.</exception>
    /// <exception cref="LostConnectionException">The connection broke after it was made; the server may have acted or not.</exception>
    public Task<HttpReply> SendAsync(HttpCall call, CancellationToken cancellationToken) =>
        WithConnectionAsync(call, async (connection, token) =>
        {
            HttpReply reply = await connection.SendAsync(call, token);
            return (reply, connection.IsReusable ? Afterwards.GiveBack : Afterwards.Close);
        }, cancellationToken);

    /// <summary>Sends one request and reads the head of the answer. The time limit of the call ends there.</summary>
    /// <remarks>The answer must be disposed; its connection ends with it.</remarks>
    /// <exception cref="CliException">As <see cref="SendAsync"/>.</exception>
    public Task<OpenReply> OpenAsync(HttpCall call, CancellationToken cancellationToken) =>
        WithConnectionAsync(call, async (connection, token) =>
        {
            (HttpHead head, Stream body) = await connection.OpenAsync(call, token);
            return (new OpenReply(connection, head, body, ex => Lost(call, ex)), Afterwards.Keep);
        }, cancellationToken);

    public void Dispose()
    {
        while (TakeIdle() is { } connection)
        {
            connection.Dispose();
        }
    }

    private enum Afterwards
    {
        Close,
        GiveBack,
        Keep,
    }

    private async Task<T> WithConnectionAsync<T>(
        HttpCall call, Func<HttpConnection, CancellationToken, Task<(T Result, Afterwards Afterwards)>> use, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(call.Timeout);

        HttpConnection? connection = null;
        try
        {
            connection = TakeIdle() ?? await ConnectAsync(limit.Token);
            (T result, Afterwards afterwards) = await use(connection, limit.Token);
            if (afterwards == Afterwards.GiveBack)
            {
                GiveBack(connection);
            }

            if (afterwards != Afterwards.Close)
            {
                connection = null;
            }

            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(
                ExitCode.Unreachable,
                $"the daemon at {_path} did not answer {call.Method} {PathOf(call)} within {call.Timeout.TotalSeconds:0} s",
                "look at its log, then try again");
        }
        catch (IOException ex)
        {
            throw Lost(call, ex);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private HttpConnection? TakeIdle()
    {
        lock (_idle)
        {
            while (_idle.TryPop(out HttpConnection? connection))
            {
                if (!connection.IsStale)
                {
                    return connection;
                }

                connection.Dispose();
            }
        }

        return null;
    }

    private void GiveBack(HttpConnection connection)
    {
        lock (_idle)
        {
            _idle.Push(connection);
        }
    }

    private async Task<HttpConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), cancellationToken);
            return new HttpConnection(socket);
        }
        catch (SocketException ex)
        {
            socket.Dispose();
            throw Unreachable(ex);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }

    private CliException Unreachable(SocketException cause)
    {
        (string what, string hint) = cause.SocketErrorCode switch
        {
            SocketError.AddressNotAvailable => (
                "there is no such socket",
                "start the daemon (make run, or systemctl start sleigh), or name its socket with --socket or SLEIGH_SOCKET"),
            SocketError.ConnectionRefused => (
                "nobody listens there any more", "the daemon has ended: start it again (make run, or systemctl start sleigh)"),
            SocketError.AccessDenied => (
                "permission denied", "run sleighctl as root, or add your user to the group sleigh and log in again"),
            _ => (cause.Message, "check that the daemon runs and that --socket or SLEIGH_SOCKET names its socket"),
        };

        return new CliException(ExitCode.Unreachable, $"cannot reach the daemon at {_path}: {what}", hint, cause);
    }

    private LostConnectionException Lost(HttpCall call, IOException cause) => new(_path, $"{call.Method} {PathOf(call)}", cause);

    // A query string may hold what does not belong into messages.
    private static string PathOf(HttpCall call) => call.Target.Split('?')[0];
}
