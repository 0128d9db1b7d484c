using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sleigh.Linux;

namespace Sleigh.Network;

/// <summary>
/// Answers the sandboxes' questions for names, on port 53 of the router, by asking the host's own name servers. So these need not be reachable for
/// sandboxes, which they often are not: they lie in private networks, on the host, or beside a metadata service. Questions are passed on as they are (RFC 1035);
/// updates, notifications and transfers of zones are refused, since the servers may trust the host with them.
/// </summary>
internal sealed partial class NameForwarder : IAsyncDisposable
{
    private const int Port = 53;
    private const int LargestMessage = 65535;
    private const int HeaderLength = 12;
    private const int ServerFailure = 2;
    private const int Refused = 5;
    private const int LargestLabel = 63;
    private const int Ixfr = 251;
    private const int Axfr = 252;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(20);

    private readonly string _router;
    private readonly string? _uplink;
    private readonly Func<IReadOnlyList<IPAddress>> _servers;
    private readonly Func<IPAddress, bool> _mayAsk;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();

    // Beyond it questions are dropped, and are asked again.
    private readonly AskerPlaces _places = new(all: 512, each: 32);
    private readonly List<Socket> _sockets = [];
    private Task _serving = Task.CompletedTask;

    /// <summary>A forwarder.</summary>
    /// <param name="router">The router's file.</param>
    /// <param name="uplink">The file of the namespace in which servers are asked; null: the daemon's own.</param>
    /// <param name="servers">The servers, asked one after the other.</param>
    /// <param name="mayAsk">Whether the sandbox with this address is answered.</param>
    /// <param name="logger">Where sentences go.</param>
    public NameForwarder(string router, string? uplink, Func<IReadOnlyList<IPAddress>> servers, Func<IPAddress, bool> mayAsk, ILogger logger) =>
        (_router, _uplink, _servers, _mayAsk, _logger) = (router, uplink, servers, mayAsk, logger);

    /// <summary>Begins to answer.</summary>
    /// <exception cref="IOException">The port is taken, or the kernel refused.</exception>
    public void Start()
    {
        try
        {
            Socket datagrams = Listen(isStream: false);
            Socket streams = Listen(isStream: true);
            _serving = Task.WhenAll(Task.Run(() => ServeDatagramsAsync(datagrams)), Task.Run(() => ServeStreamsAsync(streams)));
        }
        catch (SocketException e)
        {
            throw new IOException($"port {Port} of the router cannot be listened on: {e.Message}", e);
        }
    }

    /// <summary>Ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sockets.ForEach(s => s.Dispose());
        _stop.Dispose();
    }

    /// <summary>The servers that <c>resolv.conf</c> names (resolv.conf(5)), three at most.</summary>
    internal static IReadOnlyList<IPAddress> Servers(string resolvConf) =>
    [
        .. resolvConf.Split('\n').Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] == "nameserver")
            .Select(words => IPAddress.TryParse(words[1], out IPAddress? server) ? server : null).OfType<IPAddress>().Take(3),
    ];

    /// <summary>The answer that there is none: the question with the bits of an answer and a code; null where it is no question.</summary>
    internal static byte[]? Failure(ReadOnlySpan<byte> question, int code)
    {
        if (question.Length < HeaderLength || (question[2] & 0x80) != 0)
        {
            return null;
        }

        byte[] answer = question.ToArray();
        answer[2] |= 0x80;
        answer[3] = (byte)((answer[3] & 0x70) | code);

        // Nothing but the question: what came behind it (EDNS) is left out.
        answer.AsSpan(6, 6).Clear();
        int end = EndOfQuestion(answer);
        return end < 0 ? null : answer[..end];
    }

    /// <summary>Whether a message is one question for a name, and neither an update (RFC 2136), a notification (RFC 1996) nor a transfer (RFC 5936, RFC 1995).</summary>
    internal static bool IsOneQuestion(ReadOnlySpan<byte> message) =>
        message.Length >= HeaderLength && (message[2] & 0xF8) == 0 && EndOfQuestion(message) is > 0 and int end
            && BinaryPrimitives.ReadUInt16BigEndian(message[(end - 4)..]) is not Ixfr and not Axfr;

    private static int EndOfQuestion(ReadOnlySpan<byte> message)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return -1;
        }

        int at = HeaderLength;
        while (at < message.Length && message[at] != 0)
        {
            // A pointer has nothing to point back to in the first name of a message.
            if (message[at] > LargestLabel)
            {
                return -1;
            }

            at += message[at] + 1;
        }

        return at + 5 <= message.Length ? at + 5 : -1;
    }

    private Socket Listen(bool isStream)
    {
        Socket socket = new(NetworkNamespace.OpenSocket(_router, isSix: false, isStream));
        _sockets.Add(socket);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, isStream);
        socket.Bind(new IPEndPoint(IPAddress.Any, Port));
        if (isStream)
        {
            socket.Listen(64);
        }

        return socket;
    }

    private async Task ServeDatagramsAsync(Socket socket)
    {
        byte[] buffer = new byte[LargestMessage];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                IPEndPoint asker = (IPEndPoint)got.RemoteEndPoint;
                if (!_mayAsk(asker.Address))
                {
                    // At once: whoever is not answered takes no place from those who are.
                    if (Failure(buffer.AsSpan(0, got.ReceivedBytes), Refused) is byte[] refusal)
                    {
                        await socket.SendToAsync(refusal, asker, _stop.Token);
                    }
                }
                else if (_places.TryEnter(asker.Address))
                {
                    byte[] question = buffer[..got.ReceivedBytes];
                    _ = Task.Run(() => AnswerDatagramAsync(socket, question, asker));
                }
            }
            catch (SocketException e)
            {
                // Of a datagram sent before, whose receiver is gone.
                Failed(_logger, e.Message);
            }
        }
    }

    private async Task AnswerDatagramAsync(Socket socket, byte[] question, IPEndPoint asker)
    {
        try
        {
            if (await AnswerAsync(question, isStream: false) is byte[] answer)
            {
                await socket.SendToAsync(answer, asker, _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Failed(_logger, e.Message);
        }
        finally
        {
            _places.Leave(asker.Address);
        }
    }

    private async Task ServeStreamsAsync(Socket socket)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket caller = await socket.AcceptAsync(_stop.Token);
                if (caller.RemoteEndPoint is IPEndPoint { Address: IPAddress asker } && _mayAsk(asker) && _places.TryEnter(asker))
                {
                    _ = Task.Run(() => ServeStreamAsync(caller, asker));
                }
                else
                {
                    caller.Dispose();
                }
            }
            catch (SocketException e)
            {
                // Such as that there are no descriptors left, which lasts.
                Failed(_logger, e.Message);
                await Task.Delay(PauseAfterFailure, _stop.Token);
            }
        }
    }

    private async Task ServeStreamAsync(Socket caller, IPAddress asker)
    {
        try
        {
            using Socket socket = caller;
            while (_mayAsk(asker) && await ReadMessageAsync(caller, IdleLimit) is byte[] question && await AnswerAsync(question, isStream: true) is byte[] answer)
            {
                await SendMessageAsync(caller, answer);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Failed(_logger, e.Message);
        }
        finally
        {
            _places.Leave(asker);
        }
    }

    private async Task<byte[]?> AnswerAsync(byte[] question, bool isStream)
    {
        if (Failure(question, Refused) is not byte[] refusal)
        {
            return null;
        }

        if (!IsOneQuestion(question))
        {
            return refusal;
        }

        foreach (IPAddress server in _servers())
        {
            try
            {
                byte[]? answer = await AskAsync(server, question, isStream);
                if (answer is { Length: >= HeaderLength } && answer.AsSpan(0, 2).SequenceEqual(question.AsSpan(0, 2)))
                {
                    return answer;
                }
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !_stop.IsCancellationRequested))
            {
                Silent(_logger, server.ToString(), e.Message);
            }
        }

        return Failure(question, ServerFailure);
    }

    private async Task<byte[]?> AskAsync(IPAddress server, byte[] question, bool isStream)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(AnswerLimit);
        bool isSix = server.AddressFamily == AddressFamily.InterNetworkV6;
        using Socket socket = _uplink is null
            ? new Socket(server.AddressFamily, isStream ? SocketType.Stream : SocketType.Dgram, isStream ? ProtocolType.Tcp : ProtocolType.Udp)
            : new Socket(NetworkNamespace.OpenSocket(_uplink, isSix, isStream));
        await socket.ConnectAsync(new IPEndPoint(server, Port), limit.Token);
        if (isStream)
        {
            await SendMessageAsync(socket, question);
            return await ReadMessageAsync(socket, AnswerLimit);
        }

        byte[] buffer = new byte[LargestMessage];
        await socket.SendAsync(question, limit.Token);
        int length = await socket.ReceiveAsync(buffer, limit.Token);
        return buffer[..length];
    }

    private async Task SendMessageAsync(Socket socket, byte[] message)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(AnswerLimit);
        byte[] framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        for (int sent = 0; sent < framed.Length;)
        {
            sent += await socket.SendAsync(framed.AsMemory(sent), limit.Token);
        }
    }

    private async Task<byte[]?> ReadMessageAsync(Socket socket, TimeSpan patience)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(patience);
        byte[] length = new byte[2];
        byte[]? message = await FillAsync(length) ? new byte[BinaryPrimitives.ReadUInt16BigEndian(length)] : null;
        return message is not null && await FillAsync(message) ? message : null;

        async Task<bool> FillAsync(byte[] buffer)
        {
            for (int got = 0; got < buffer.Length;)
            {
                int now = await socket.ReceiveAsync(buffer.AsMemory(got), limit.Token);
                if (now == 0)
                {
                    return false;
                }

                got += now;
            }

            return true;
        }
    }

    [LoggerMessage(EventId = 2204, EventName = "network", Level = LogLevel.Debug, Message = "A sandbox's question for a name was not answered: {Reason}")]
    private static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(EventId = 2205, EventName = "network", Level = LogLevel.Debug, Message = "The name server {Server} did not answer: {Reason}")]
    private static partial void Silent(ILogger logger, string server, string reason);
}
