using System.Diagnostics;

namespace Sleigh.VmTests.Machine;

/// <summary>
/// A Debian that boots in QEMU, with systemd and cgroup v2 and without Sleigh. Its disk is thrown away at the end; it lasts over reboots.
/// Its own apt has all that Sleigh depends on, its folder /var/local/images has archives for <c>sleighctl image import</c>, and it reaches
/// no network. It dies with this process.
/// </summary>
public sealed partial class VirtualMachine : IAsyncDisposable
{
    /// <summary>In the machine: an image with python3 and its standard library, named <c>quickstart</c>.</summary>
    public const string QuickstartArchive = "/var/local/images/quickstart.tar";

    /// <summary>In the machine: an image of 2 MB that has only busybox, named <c>busybox</c>.</summary>
    public const string BusyboxArchive = "/var/local/images/busybox.tar";

    private readonly MachineOptions _options;
    private readonly MachineScript _script;
    private readonly GuestAgent _agent;
    private readonly DataPort _data;
    private MachineMonitor? _monitor;
    private IReadOnlyDictionary<int, int> _ports = new Dictionary<int, int>();

    private VirtualMachine(MachineOptions options, MachineScript script)
    {
        _options = options;
        _script = script;
        _agent = new GuestAgent(Path.Combine(script.Folder, "agent.sock"));
        _data = new DataPort(Path.Combine(script.Folder, "data.sock"));
    }

    /// <summary>Which system it is.</summary>
    public MachineKind Kind => _options.Kind;

    /// <summary>What its console showed, on this host. Gone when the machine is.</summary>
    public string SerialLog => Path.Combine(_script.Folder, "serial.log");

    /// <summary>How long the boot took.</summary>
    public TimeSpan BootTime { get; private set; }

    /// <summary>Makes its image when the cache has none (a minute or two), boots it, and waits until systemd has started all.</summary>
    /// <exception cref="GuestException">It did not boot, or a unit failed.</exception>
    public static async Task<VirtualMachine> StartAsync(MachineOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new MachineOptions();
        await MachineScript.RunAsync(cancellationToken, "build", options.Kind.Word());
        var clock = Stopwatch.StartNew();
        string name = $"test-{Environment.ProcessId}-{Random.Shared.Next(10000):D4}";
        VirtualMachine machine = new(options, await MachineScript.StartMachineAsync(name, options, cancellationToken));
        try
        {
            machine._monitor = await MachineMonitor.ConnectAsync(Path.Combine(machine._script.Folder, "qmp.sock"), cancellationToken);
            machine._ports = await machine._monitor.PortsAsync(cancellationToken);
            string state = await machine.WaitUntilReadyAsync(cancellationToken);
            machine.BootTime = clock.Elapsed;
            return state == "running" ? machine : throw new GuestException(
                $"the fresh machine is '{state}': {(await machine.RunAsync("systemctl", "--failed", "--no-legend")).Stdout}");
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>The port of 127.0.0.1 on this host that leads to a port of the machine.</summary>
    /// <exception cref="ArgumentException">The options did not ask for it.</exception>
    public int ForwardedPort(int port) => _ports.TryGetValue(port, out int here)
        ? here
        : throw new ArgumentException($"the machine's port {port} is not forwarded; name it in MachineOptions.Forward", nameof(port));

    /// <summary>Waits until the machine answers and systemd has started, or failed to start, all that belongs to the boot.</summary>
    /// <returns><c>running</c>, or <c>degraded</c> when a unit has failed.</returns>
    public async Task<string> WaitUntilReadyAsync(CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        while (!await _agent.AnswersAsync(TimeSpan.FromSeconds(2), cancellationToken))
        {
            if (_script.HasEnded)
            {
                throw new GuestException($"QEMU ended while the machine booted: {_script.Errors}");
            }

            if (clock.Elapsed > _options.BootTime)
            {
                throw new GuestException($"the machine did not answer within {_options.BootTime}; its console ends: {Tail(SerialLog)}");
            }

            await Task.Delay(100, cancellationToken);
        }

        GuestCommand wait = new("systemctl", "is-system-running", "--wait") { Timeout = _options.BootTime };
        return (await RunAsync(wait, cancellationToken)).Text;
    }

    /// <summary>The id of the boot that it is in.</summary>
    public async Task<string> BootIdAsync() => (await MustRunAsync("cat", "/proc/sys/kernel/random/boot_id")).Text;

    /// <summary>Reboots in order, as an administrator does, and waits until it is ready again.</summary>
    /// <returns>As <see cref="WaitUntilReadyAsync"/>.</returns>
    public Task<string> RebootAsync(CancellationToken cancellationToken = default) =>
        NextBootAsync(() => RunAsync(new GuestCommand("systemctl", "reboot") { Timeout = TimeSpan.FromMinutes(1) }, cancellationToken), cancellationToken);

    /// <summary>Resets it as a power cut does: no process in it is told, nothing is written back. Waits until it is ready again.</summary>
    /// <returns>As <see cref="WaitUntilReadyAsync"/>.</returns>
    public Task<string> CutPowerAsync(CancellationToken cancellationToken = default) =>
        NextBootAsync(() => _monitor!.ResetAsync(cancellationToken), cancellationToken);

    /// <summary>Shuts it down in order and waits until QEMU has ended. After that only <see cref="DisposeAsync"/> is left to call.</summary>
    public async Task PowerOffAsync(CancellationToken cancellationToken = default)
    {
        await _monitor!.PowerDownAsync(cancellationToken);
        await PollAsync(() => Task.FromResult(_script.HasEnded), "to be off", cancellationToken);
    }

    /// <summary>Ends it, as a power cut does, and removes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        _monitor?.Dispose();
        _agent.Dispose();
        _data.Dispose();
        await _script.DisposeAsync();
    }

    private async Task<string> NextBootAsync(Func<Task> end, CancellationToken cancellationToken)
    {
        string before = await BootIdAsync();
        try
        {
            await end();
        }
        catch (GuestException)
        {
            // The agent is ended by the shutdown, maybe before it can answer.
        }

        await PollAsync(
            async () =>
            {
                try
                {
                    return await _agent.AnswersAsync(TimeSpan.FromSeconds(2), cancellationToken) && await BootIdAsync() != before;
                }
                catch (GuestException)
                {
                    return false;
                }
            },
            "to boot again",
            cancellationToken);
        return await WaitUntilReadyAsync(cancellationToken);
    }

    private async Task PollAsync(Func<Task<bool>> isSo, string what, CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); !await isSo(); await Task.Delay(200, cancellationToken))
        {
            if (clock.Elapsed > _options.BootTime)
            {
                throw new GuestException($"waited {_options.BootTime} for the machine {what}; its console ends: {Tail(SerialLog)}");
            }
        }
    }

    private static string Tail(string path) => File.Exists(path) ? string.Join('\n', File.ReadLines(path).TakeLast(8)) : "(none)";
}
