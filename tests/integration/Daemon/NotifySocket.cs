using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Stands for systemd: a datagram socket that a daemon is told of by NOTIFY_SOCKET, and everything that it was told.</summary>
public sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<string> _messages = new();
    private readonly Task _reading;

    public NotifySocket(TestDaemon daemon, int? watchdogSeconds = null)
    {
        Path = System.IO.Path.Combine(daemon.Folder, "notify");
        _socket.Bind(new UnixDomainSocketEndPoint(Path));
        daemon.Variables["NOTIFY_SOCKET"] = Path;
        if (watchdogSeconds is int seconds)
        {
            daemon.Variables["WATCHDOG_USEC"] = $"{seconds * 1_000_000L}";
        }

        _reading = Task.Run(ReadAsync);
    }

    public string Path { get; }

    /// <summary>One datagram each, lines separated by a bar.</summary>
    public IReadOnlyList<string> Messages => [.. _messages];

    /// <summary>The last line for <c>systemctl status</c>.</summary>
    public string Status => Messages.SelectMany(m => m.Split('|')).LastOrDefault(l => l.StartsWith("STATUS=", StringComparison.Ordinal))?[7..] ?? "";

    public int Beats => Messages.Count(m => m == "WATCHDOG=1");

    public Task UntilAsync(Func<IReadOnlyList<string>, bool> condition, int seconds, string what) =>
        Poll.UntilAsync(() => condition(Messages), seconds, () => $"{what}: {string.Join("; ", Messages.Where(m => m != "WATCHDOG=1").TakeLast(12))}");

    public Task StatusAsync(string holds, int seconds = 20) =>
        UntilAsync(_ => Status.Contains(holds, StringComparison.Ordinal), seconds, $"no status that holds '{holds}'");

    public void Dispose()
    {
        _socket.Dispose();
        _reading.Wait();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[8192];
        try
        {
            while (true)
            {
                int length = await _socket.ReceiveAsync(buffer);
                _messages.Enqueue(Encoding.UTF8.GetString(buffer, 0, length).TrimEnd('\n').Replace('\n', '|'));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }
}
