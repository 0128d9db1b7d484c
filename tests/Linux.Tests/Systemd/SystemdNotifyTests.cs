using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Sleigh.Linux.Systemd;

namespace Sleigh.Linux.Tests.Systemd;

public sealed class SystemdNotifyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };

    private string PathName => Path.Combine(_folder, "notify");

    public void Dispose()
    {
        _manager.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Ready_goes_to_a_socket_in_the_file_system()
    {
        SystemdNotify notify = Listen();

        Assert.True(notify.Ready("serving\non 127.0.0.1"));

        Assert.Equal("READY=1\nSTATUS=serving on 127.0.0.1\n", Receive());
    }

    [Fact]
    public void Ready_goes_to_an_abstract_socket()
    {
        string name = $"sl-{Guid.NewGuid():N}";
        _manager.Bind(new UnixDomainSocketEndPoint("\0" + name));

        Assert.True(new SystemdNotify("@" + name).Ready());

        Assert.Equal("READY=1\n", Receive());
    }

    [Fact]
    public void Each_state_has_its_words()
    {
        SystemdNotify notify = Listen();

        notify.Status("12 sandboxes");
        Assert.Equal("STATUS=12 sandboxes\n", Receive());
        notify.Stopping();
        Assert.Equal("STOPPING=1\n", Receive());
        notify.Watchdog();
        Assert.Equal("WATCHDOG=1\n", Receive());
        notify.MainPid(42);
        Assert.Equal("MAINPID=42\n", Receive());
    }

    [Fact]
    public void Reloading_tells_the_kernels_monotonic_time()
    {
        SystemdNotify notify = Listen();
        double before = Uptime();

        notify.Reloading();

        string[] lines = Receive().Split('\n');
        Assert.Equal("RELOADING=1", lines[0]);
        double seconds = long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture) / 1e6;
        // /proc/uptime is CLOCK_BOOTTIME, ahead by the time the machine slept.
        Assert.InRange(seconds, 0.001, before + 5);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("@")]
    [InlineData("relative")]
    [InlineData("vsock:2:1")]
    public void Without_a_socket_nothing_is_sent(string? socket)
    {
        SystemdNotify notify = new(socket, "1000000");

        Assert.False(notify.IsEnabled);
        Assert.False(notify.Ready());
        Assert.Null(notify.WatchdogInterval);
    }

    [Fact]
    public void A_name_too_long_for_an_address_is_no_socket() => Assert.False(new SystemdNotify("/" + new string('a', 107)).IsEnabled);

    [Fact]
    public void A_manager_that_is_gone_stops_nobody() => Assert.False(new SystemdNotify(PathName).Ready());

    [Fact]
    public void The_watchdog_wants_twice_as_many_signs_as_needed()
    {
        Assert.Equal(TimeSpan.FromSeconds(15), new SystemdNotify(PathName, "30000000").WatchdogInterval);
        Assert.Equal(
            TimeSpan.FromSeconds(15), new SystemdNotify(PathName, "30000000", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)).WatchdogInterval);
        Assert.Null(new SystemdNotify(PathName, "30000000", "1").WatchdogInterval);
        Assert.Null(new SystemdNotify(PathName, "soon").WatchdogInterval);
        Assert.Null(new SystemdNotify(PathName, "0").WatchdogInterval);
    }

    [Fact]
    public void The_variables_are_not_left_for_children()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(PathName));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", PathName);

        SystemdNotify notify = SystemdNotify.FromEnvironment();

        Assert.Null(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Assert.True(notify.Ready());
        Assert.Equal("READY=1\n", Receive());
    }

    private static double Uptime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);

    private SystemdNotify Listen()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(PathName));
        return new SystemdNotify(PathName);
    }

    private string Receive()
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }
}
