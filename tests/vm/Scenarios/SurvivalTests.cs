using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>Whatever happens to the daemon or to containerd, a running command loses and doubles no line and its end is recorded.</summary>
[Stage(40)]
public sealed class SurvivalTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : Scenario(shared, sleigh)
{
    private const string DropIns = "/run/systemd/system/sleigh.service.d";

    [HostFact(Need.VirtualMachine)]
    public Task A_restart_of_the_daemon() => GoesOnAsync("systemctl restart sleigh");

    [HostFact(Need.VirtualMachine)]
    public Task A_stop_of_the_daemon_and_a_start_later() => GoesOnAsync("systemctl stop sleigh && sleep 2 && systemctl start sleigh");

    [HostFact(Need.VirtualMachine)]
    public Task A_kill_of_the_daemon() => GoesOnAsync("kill -9 $(systemctl show sleigh -p MainPID --value)");

    [HostFact(Need.VirtualMachine)]
    public Task A_reload_of_the_configuration() => GoesOnAsync("systemctl reload sleigh");

    [HostFact(Need.VirtualMachine)]
    public Task A_restart_of_containerd() => GoesOnAsync("systemctl restart containerd");

    [HostFact(Need.VirtualMachine)]
    public Task A_kill_of_containerd() => GoesOnAsync("systemctl kill --kill-whom=main --signal=KILL containerd");

    [HostFact(Need.VirtualMachine)]
    public Task A_reload_of_systemd() => GoesOnAsync("systemctl daemon-reload");

    [HostFact(Need.VirtualMachine)]
    public async Task A_command_goes_on_over_an_upgrade_of_the_package()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        CountingCommand command = await CountingCommand.StartAsync(client, SleighMachine.Busybox);
        string process = await Sleigh.SaysAsync("systemctl show sleigh -p MainPID");
        string home = await Sleigh.SaysAsync("systemctl show sleigh-sandboxes -p ActiveEnterTimestampMonotonic");

        await Sleigh.UpgradeAsync();
        await Sleigh.ReadyAgainAsync();

        Assert.Equal(SleighMachine.LaterVersion, await Sleigh.SaysAsync("dpkg-query -W -f '${Version}' sleigh"));
        Assert.NotEqual(process, await Sleigh.SaysAsync("systemctl show sleigh -p MainPID"));
        Assert.Equal(home, await Sleigh.SaysAsync("systemctl show sleigh-sandboxes -p ActiveEnterTimestampMonotonic"));
        await command.EndsWellAsync(await command.WrittenAsync());
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_daemon_that_hangs_is_started_again_by_the_watchdog()
    {
        // Shorter than the package has it.
        Assert.Equal("1min", await Sleigh.SaysAsync("systemctl show sleigh -p WatchdogUSec --value"));
        await Sleigh.MustAsync($"mkdir -p {DropIns} && printf '[Service]\nWatchdogSec=15s\n' > {DropIns}/watchdog.conf && systemctl daemon-reload && systemctl restart sleigh");
        await Sleigh.ReadyAgainAsync();
        using DaemonClient client = await Sleigh.SessionAsync();
        CountingCommand command = await CountingCommand.StartAsync(client, SleighMachine.Busybox);
        string process = await Sleigh.SaysAsync("systemctl show sleigh -p MainPID --value");

        await Sleigh.MustAsync($"rm -r {DropIns} && systemctl daemon-reload && kill -STOP {process}");
        await Poll.UntilAsync(
            async () => await Sleigh.SaysAsync("systemctl show sleigh -p MainPID --value") is var now && now != process && now != "0", 180, () => "still the same process");
        await Sleigh.ReadyAgainAsync();

        await command.EndsWellAsync(await command.WrittenAsync());
    }

    private async Task GoesOnAsync(string action)
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        CountingCommand command = await CountingCommand.StartAsync(client, SleighMachine.Busybox);

        await Sleigh.MustAsync(action);
        await Sleigh.ReadyAgainAsync();

        double seconds = await Sleigh.StartSecondsAsync();
        output.WriteLine($"{action}: the last start took {seconds:F1} s");
        await command.EndsWellAsync(await command.WrittenAsync());
    }
}
