using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Linux.Systemd;

/// <summary>
/// Tells systemd about the state of this service: sd_notify(3). One datagram of <c>NAME=value</c> lines to the socket that
/// <c>NOTIFY_SOCKET</c> names. Where that is not set, as outside of systemd, every call does nothing. A message that cannot be sent
/// is dropped: the service manager's absence must not stop the service. Safe for use by several threads.
/// </summary>
public sealed class SystemdNotify
{
    private readonly EndPointAddress? _address;
    private readonly TimeProvider _time;

    /// <summary>Takes the values of the variables; a null or blank one counts as not set.</summary>
    /// <param name="socket">NOTIFY_SOCKET: an absolute path, or <c>@</c> and an abstract name.</param>
    /// <param name="watchdogUsec">WATCHDOG_USEC: how long systemd waits for a sign of life.</param>
    /// <param name="watchdogPid">WATCHDOG_PID: the process the watchdog is meant for.</param>
    /// <param name="time">The clock; CLOCK_MONOTONIC by default.</param>
    public SystemdNotify(string? socket, string? watchdogUsec = null, string? watchdogPid = null, TimeProvider? time = null)
    {
        _address = EndPointAddress.TryParse(socket);
        _time = time ?? TimeProvider.System;
        bool forUs = string.IsNullOrWhiteSpace(watchdogPid) || watchdogPid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (_address is not null && forUs && long.TryParse(watchdogUsec, NumberStyles.None, CultureInfo.InvariantCulture, out long usec) && usec > 0)
        {
            WatchdogInterval = TimeSpan.FromMicroseconds(usec / 2);
        }
    }

    /// <summary>True when somebody listens.</summary>
    public bool IsEnabled => _address is not null;

    /// <summary>How often to call <see cref="Watchdog"/>: half of systemd's limit, as sd_watchdog_enabled(3) advises; null: no watchdog.</summary>
    public TimeSpan? WatchdogInterval { get; }

    /// <summary>Reads the variables of this process and takes them out, so that children do not speak in its name.</summary>
    public static SystemdNotify FromEnvironment()
    {
        SystemdNotify notify = new(
            Environment.GetEnvironmentVariable("NOTIFY_SOCKET"),
            Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
            Environment.GetEnvironmentVariable("WATCHDOG_PID"));
        foreach (string name in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        return notify;
    }

    /// <summary>The service answers. False here and below: nothing was sent.</summary>
    public bool Ready(string? status = null) => Send("READY=1", StatusLine(status));

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public bool Status(string status) => Send(StatusLine(status));

    /// <summary>The service has begun to stop.</summary>
    public bool Stopping(string? status = null) => Send("STOPPING=1", StatusLine(status));

    /// <summary>
    /// The service reads its configuration again; <see cref="Ready"/> must follow. Carries the time that <c>Type=notify-reload</c> asks
    /// for (systemd 253).
    /// </summary>
    public bool Reloading() => Send("RELOADING=1", string.Create(CultureInfo.InvariantCulture, $"MONOTONIC_USEC={MonotonicMicroseconds()}"));

    /// <summary>The service is about to end because of a failure.</summary>
    /// <param name="status">Why, in one sentence.</param>
    /// <param name="errno">The kernel's error number behind it, where there is one.</param>
    public bool Failed(string status, int? errno = null) => Send(
        StatusLine(status), errno is int number ? string.Create(CultureInfo.InvariantCulture, $"ERRNO={number}") : null);

    /// <summary>A sign of life.</summary>
    public bool Watchdog() => Send("WATCHDOG=1");

    /// <summary>Which process is the service, when it is not the one that was started.</summary>
    public bool MainPid(int processId) => Send(string.Create(CultureInfo.InvariantCulture, $"MAINPID={processId}"));

    private static string? StatusLine(string? status) =>
        // A line feed would begin another variable.
        status is null ? null : "STATUS=" + status.ReplaceLineEndings(" ");

    // .NET takes its timestamps from CLOCK_MONOTONIC, in nanoseconds.
    private long MonotonicMicroseconds() =>
        (long)((Int128)_time.GetTimestamp() * 1_000_000 / _time.TimestampFrequency);

    private bool Send(params ReadOnlySpan<string?> lines)
    {
        if (_address is null)
        {
            return false;
        }

        StringBuilder message = new();
        foreach (string? line in lines)
        {
            if (line is not null)
            {
                message.Append(line).Append('\n');
            }
        }

        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTimeout = 1000;
            socket.SendTo(Encoding.UTF8.GetBytes(message.ToString()), _address.EndPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private sealed record EndPointAddress(UnixDomainSocketEndPoint EndPoint)
    {
        // sun_path holds 108 bytes, one of them the closing zero.
        private const int MaxLength = 107;

        internal static EndPointAddress? TryParse(string? socket)
        {
            if (string.IsNullOrWhiteSpace(socket) || Encoding.UTF8.GetByteCount(socket) > MaxLength)
            {
                return null;
            }

            return socket[0] switch
            {
                '/' => new EndPointAddress(new UnixDomainSocketEndPoint(socket)),
                // An abstract name begins with a zero byte in the address.
                '@' when socket.Length > 1 => new EndPointAddress(new UnixDomainSocketEndPoint("\0" + socket[1..])),
                // vsock: is for virtual machines' own managers.
                _ => null,
            };
        }
    }
}
