using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sleigh.Linux;

namespace Sleigh.Network;

/// <summary>
/// The servers that are asked. Each question goes out under a number of our own by a socket of its own: answers open addresses, and the sandbox that asks may have
/// a friend outside who sends false ones (RFC 5452).
/// </summary>
internal sealed partial class NameServers
{
    private const int Port = 53;
    private const int LargestMessage = 65535;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4);

    private readonly string? _uplink;
    private readonly Func<IReadOnlyList<IPAddress>> _servers;
    private readonly ILogger _logger;

    /// <summary>Servers.</summary>
    /// <param name="uplink">The file of the namespace in which they are asked; null: the daemon's own.</param>
    /// <param name="servers">The servers, asked one after the other.</param>
    /// <param name="logger">Where sentences go.</param>
    public NameServers(string? uplink, Func<IReadOnlyList<IPAddress>> servers, ILogger logger) => (_uplink, _servers, _logger) = (uplink, servers, logger);

    /// <summary>The first answer, with the number of the question; null: no server has answered.</summary>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<byte[]?> AskAsync(byte[] question, DnsQuestion asked, bool isStream, CancellationToken cancellationToken)
    {
        foreach (IPAddress server in _servers())
        {
            try
            {
                byte[] own = [.. question];
                RandomNumberGenerator.Fill(own.AsSpan(0, 2));
                if (await AskAsync(server, own, asked, isStream, cancellationToken) is byte[] answer)
                {
                    question.AsSpan(0, 2).CopyTo(answer);
                    return answer;
                }
            }
            catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                Silent(_logger, server.ToString(), e.Message);
            }
        }

        return null;
    }

    /// <summary>Whether a message answers a question: it has its number, is an answer, and repeats what was asked, where it repeats anything.</summary>
    internal static bool Answers(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, DnsQuestion asked) =>
        message.Length >= 12 && (message[2] & 0x80) != 0 && message[..2].SequenceEqual(question[..2])
        && (asked.IsThatOf(message) || (message[4] == 0 && message[5] == 0 && (message[3] & 0x0F) != 0));

    private async Task<byte[]?> AskAsync(IPAddress server, byte[] question, DnsQuestion asked, bool isStream, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        bool isSix = server.AddressFamily == AddressFamily.InterNetworkV6;
        using Socket socket = _uplink is null
            ? new Socket(server.AddressFamily, isStream ? SocketType.Stream : SocketType.Dgram, isStream ? ProtocolType.Tcp : ProtocolType.Udp)
            : new Socket(NetworkNamespace.OpenSocket(_uplink, isSix, isStream));
        await socket.ConnectAsync(new IPEndPoint(server, Port), limit.Token);
        if (isStream)
        {
            await DnsStream.SendAsync(socket, question, AnswerLimit, limit.Token);
            return await DnsStream.ReadAsync(socket, AnswerLimit, limit.Token) is byte[] message && Answers(message, question, asked) ? message : null;
        }

        byte[] buffer = new byte[LargestMessage];
        await socket.SendAsync(question, limit.Token);
        while (true)
        {
            // A false one does not keep the true one from coming.
            int length = await socket.ReceiveAsync(buffer, limit.Token);
            if (Answers(buffer.AsSpan(0, length), question, asked))
            {
                return buffer[..length];
            }
        }
    }

    [LoggerMessage(EventId = 2205, EventName = "network", Level = LogLevel.Debug, Message = "The name server {Server} did not answer: {Reason}")]
    private static partial void Silent(ILogger logger, string server, string reason);
}
