using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sleigh.Linux;
using Sleigh.Linux.Sockets;

namespace Sleigh.Network;

/// <summary>
/// Answers the sandboxes' questions for names, on port 53 of the router, by asking the host's own name servers. So these need not be reachable for
/// sandboxes, which they often are not: they lie in private networks, on the host, or beside a metadata service. Questions are passed on as they are (RFC 1035);
/// updates, notifications and transfers of zones are refused, since the servers may trust the host with them. A name that a sandbox's policy does not allow does
/// not exist: that is the answer which all programs take at once, where some resolvers ask on after a refusal until their time is over (musl's for ten seconds).
/// </summary>
internal sealed partial class NameForwarder : IAsyncDisposable
{
    /// <summary>The code of an answer: the server has failed.</summary>
    public const int ServerFailure = 2;

    /// <summary>The code of an answer: there is no such name.</summary>
    public const int NoSuchName = 3;

    private const int Port = 53;
    private const int LargestMessage = 65535;

    // For what a few sandboxes may send at once (RouterRules): where it is full, the question that is lost may be another one's.
    private const int RoomForDatagrams = 2 << 20;
    private const int HeaderLength = 12;
    private const int Refused = 5;
    private const int LargestLabel = 63;
    private const int Ixfr = 251;
    private const int Axfr = 252;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(20);

    private readonly string _router;
    private readonly NameServers _servers;
    private readonly NameAskers _askers;
    private readonly NameAdmission _admission;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();

    // Beyond it questions are dropped, and are asked again.
    private readonly AskerPlaces _places = new(all: 512, each: 32);

    // Streams that are open, which whoever holds one may leave silent.
    private readonly AskerPlaces _streams = new(all: 256, each: 4);
    private readonly List<Socket> _sockets = [];
    private Task _serving = Task.CompletedTask;

    /// <summary>A forwarder.</summary>
    /// <param name="router">The router's file.</param>
    /// <param name="servers">Who is asked.</param>
    /// <param name="askers">Who may ask.</param>
    /// <param name="admission">Opens what the policy of an asker opens by names.</param>
    /// <param name="logger">Where sentences go.</param>
    public NameForwarder(string router, NameServers servers, NameAskers askers, NameAdmission admission, ILogger logger) =>
        (_router, _servers, _askers, _admission, _logger) = (router, servers, askers, admission, logger);

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
        else
        {
            try
            {
                ReceiveRoom.Set(socket, RoomForDatagrams);
            }
            catch (SocketException)
            {
                // As much as the host gives to all.
                socket.ReceiveBufferSize = RoomForDatagrams;
            }
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
                if (_askers.Find(asker.Address) is not NameAsker known)
                {
                    // Its policy is not known yet, as for a moment after the daemon's start: it asks again.
                    continue;
                }

                byte[] question = buffer[..got.ReceivedBytes];
                (byte[]? prompt, DnsQuestion asked, NameVerdict? verdict) = Judge(known, question);
                if (verdict is null)
                {
                    // At once: whoever is not answered takes no place from those who are.
                    if (prompt is not null)
                    {
                        await socket.SendToAsync(prompt, asker, _stop.Token);
                    }
                }
                else if (_places.TryEnter(asker.Address))
                {
                    _ = Task.Run(() => AnswerDatagramAsync(socket, question, asked, verdict, known, asker));
                }
            }
            catch (SocketException e)
            {
                // Of a datagram sent before, whose receiver is gone.
                Failed(_logger, e.Message);
            }
        }
    }

    // What is answered without asking anybody; null and a verdict: a server is to be asked; null and none: it is no question at all.
    private static (byte[]? Prompt, DnsQuestion Asked, NameVerdict? Verdict) Judge(NameAsker asker, byte[] question)
    {
        if (!IsOneQuestion(question) || !DnsQuestion.TryRead(question, out DnsQuestion asked))
        {
            return (Failure(question, Refused), default, null);
        }

        NameVerdict verdict = NameVerdict.Of(asker.Policy, asked);
        if (verdict.IsAnswered)
        {
            return (null, asked, verdict);
        }

        asker.CountRefused();
        return (Failure(question, NoSuchName), asked, null);
    }

    private async Task AnswerDatagramAsync(Socket socket, byte[] question, DnsQuestion asked, NameVerdict verdict, NameAsker from, IPEndPoint asker)
    {
        try
        {
            if (await AnswerAsync(question, asked, verdict, from, isStream: false) is byte[] answer)
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
                if (caller.RemoteEndPoint is IPEndPoint { Address: IPAddress asker } && _askers.Find(asker) is not null && _streams.TryEnter(asker))
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
            while (await DnsStream.ReadAsync(caller, IdleLimit, _stop.Token) is byte[] question && _askers.Find(asker) is NameAsker known)
            {
                (byte[]? answer, DnsQuestion asked, NameVerdict? verdict) = Judge(known, question);
                answer = verdict is null ? answer : await AnswerStreamAsync(question, asked, verdict, known, asker);
                if (answer is null)
                {
                    return;
                }

                await DnsStream.SendAsync(caller, answer, AnswerLimit, _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Failed(_logger, e.Message);
        }
        finally
        {
            _streams.Leave(asker);
        }
    }

    // Null: too many questions are under way.
    private async Task<byte[]?> AnswerStreamAsync(byte[] question, DnsQuestion asked, NameVerdict verdict, NameAsker from, IPAddress asker)
    {
        if (!_places.TryEnter(asker))
        {
            return null;
        }

        try
        {
            return await AnswerAsync(question, asked, verdict, from, isStream: true);
        }
        finally
        {
            _places.Leave(asker);
        }
    }

    private async Task<byte[]?> AnswerAsync(byte[] question, DnsQuestion asked, NameVerdict verdict, NameAsker asker, bool isStream)
    {
        byte[]? answer = await _servers.AskAsync(question, asked, isStream, _stop.Token);
        return answer is null ? Failure(question, ServerFailure)
            : verdict.Pins is null ? answer
            : await _admission.AdmitAsync(asker, verdict.Pins, question, asked, answer, _stop.Token);
    }

    [LoggerMessage(EventId = 2204, EventName = "network", Level = LogLevel.Debug, Message = "A sandbox's question for a name was not answered: {Reason}")]
    private static partial void Failed(ILogger logger, string reason);
}
