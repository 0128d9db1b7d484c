using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Daemon.Service;

namespace Sleigh.Daemon.Tests.Service;

public sealed class HeartbeatTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(60);

    [Fact]
    public async Task Each_round_that_is_answered_is_a_beat()
    {
        int rounds = 0, beats = 0;

        await RunAsync(_ => Task.FromResult(rounds++), () => beats++, () => beats >= 3);

        Assert.InRange(rounds, beats, beats + 1);
    }

    [Fact]
    public async Task While_nothing_answers_there_is_no_beat_and_afterwards_there_is()
    {
        int rounds = 0, beats = 0;

        // The first hangs and does not even heed its token; the second and third fail.
        await RunAsync(
            _ => ++rounds switch
            {
                1 => Task.Delay(Timeout.Infinite, CancellationToken.None),
                2 => Task.FromException(new IOException("no")),
                3 => Task.FromException(new SocketException((int)SocketError.ConnectionRefused)),
                _ => Task.CompletedTask,
            },
            () =>
            {
                Assert.True(rounds > 3, "a beat without an answer");
                beats++;
            },
            () => beats > 0);

        Assert.Equal(4, rounds);
    }

    [Fact]
    public async Task The_own_door_is_knocked_at_as_a_client_would()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        string path = Path.Combine(folder, "s");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        string asked = "";
        async Task AnswerAsync(string head)
        {
            using Socket peer = await listener.AcceptAsync();
            byte[] buffer = new byte[1000];
            asked = Encoding.ASCII.GetString(buffer, 0, await peer.ReceiveAsync(buffer));
            await peer.SendAsync(Encoding.ASCII.GetBytes(head + "\r\nContent-Length: 0\r\n\r\n"));
        }

        Task good = AnswerAsync("HTTP/1.1 200 OK");
        await OwnDoor.KnockAsync(path, TestContext.Current.CancellationToken);
        await good;
        Assert.StartsWith("GET /healthz HTTP/1.1\r\nHost: localhost\r\n", asked, StringComparison.Ordinal);

        Task bad = AnswerAsync("HTTP/1.1 503 Service Unavailable");
        IOException refused = await Assert.ThrowsAsync<IOException>(() => OwnDoor.KnockAsync(path, TestContext.Current.CancellationToken));
        await bad;
        Assert.Equal("/healthz answers 'HTTP/1.1 503 Service Unavailable'", refused.Message);
        listener.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RunAsync(Func<CancellationToken, Task> round, Action beat, Func<bool> until)
    {
        using CancellationTokenSource stop = new();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        Task running = new Heartbeat(round, beat, Interval, TimeProvider.System, NullLogger.Instance).RunAsync(stop.Token);
        while (!until())
        {
            await Task.Delay(5, limit.Token);
        }

        await stop.CancelAsync();
        await running;
    }
}
