using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>What is wrong on the host is one sentence in systemctl status, with an exit code of its own; then it is mended.</summary>
[Stage(50)]
public sealed class TroubleTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    private const string DropIn = "/etc/sleigh/sleigh.d/90-trouble.yaml";

    [HostFact(Need.VirtualMachine)]
    public async Task A_broken_configuration_names_every_error()
    {
        await FailsAsync(
            $"printf 'exec:\\n  kill_grace_seconds: soon\\npool:\\n  siz: 1\\n' > {DropIn}", $"rm {DropIn}", 78,
            ["exec.kill_grace_seconds", "one more error"], restarts: false);
        string journal = await Sleigh.SaysAsync("journalctl -b -u sleigh -o cat --no-pager");
        Assert.Contains("exec.kill_grace_seconds is soon", journal, StringComparison.Ordinal);
        Assert.Contains("the nearest is pool.size", journal, StringComparison.Ordinal);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_broken_configuration_at_reload_keeps_the_old_one()
    {
        string process = await Sleigh.SaysAsync("systemctl show sleigh -p MainPID");
        await Sleigh.MustAsync($"printf 'exec:\\n  kill_grace_seconds: soon\\n' > {DropIn}; systemctl reload sleigh || true");

        await Poll.UntilAsync(async () => (await StatusAsync()).Contains("exec.kill_grace_seconds", StringComparison.Ordinal), 60, () => "the status does not tell");
        Assert.Equal((process, "active"), (await Sleigh.SaysAsync("systemctl show sleigh -p MainPID"), await Sleigh.SaysAsync("systemctl is-active sleigh")));
        await Sleigh.MustAsync($"rm {DropIn}; systemctl reload sleigh");
        await Poll.UntilAsync(async () => !(await StatusAsync()).Contains("exec.kill_grace_seconds", StringComparison.Ordinal), 60, () => "the status still tells");
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_port_that_another_program_has()
    {
        await FailsAsync(
            "systemctl stop sleigh; systemd-run --unit=trouble systemd-socket-activate -l 0.0.0.0:10122 true", "systemctl stop trouble", 14,
            ["10122", "in use"], restarts: true);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_containerd_that_is_not_there()
    {
        await FailsAsync(
            $"printf 'containerd:\\n  mode: system\\n' > {DropIn}; systemctl mask --now containerd; rm -f /run/containerd/containerd.sock",
            $"rm {DropIn}; systemctl unmask containerd; systemctl start containerd", 12, ["containerd"], restarts: true);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_disk_that_is_full()
    {
        await FailsAsync(
            "systemctl stop sleigh; mount -t tmpfs -o size=4k,mode=700 tmpfs /var/lib/sleigh && head -c 4096 /dev/zero > /var/lib/sleigh/fill",
            "umount /var/lib/sleigh", 13, ["/var/lib/sleigh"], restarts: true);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task The_journal_tells_whose_line_it_is()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        string id = await client.NewAsync(SleighMachine.Busybox);
        await client.RunAsync(id, "true");
        await client.DeleteAsync(id);

        string lines = await Sleigh.SaysAsync($"journalctl --sync; journalctl SLEIGH_SANDBOX={id} -o json --no-pager | head -n 50");

        Assert.Contains($"\"SLEIGH_SANDBOX\":\"{id}\"", lines.Replace("\" : \"", "\":\"", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("SLEIGH_OPERATION", lines, StringComparison.Ordinal);
        Assert.DoesNotContain(client.Token!, await Sleigh.SaysAsync("journalctl -b -o export --no-pager | grep -a sess_ || true"), StringComparison.Ordinal);
    }

    private Task<string> StatusAsync() => Sleigh.SaysAsync("systemctl status sleigh --no-pager -n 0 || true");

    // A unit that is tried again says what it is doing in between, so the sentence is waited for.
    private async Task FailsAsync(string breaks, string mends, int exitCode, string[] names, bool restarts)
    {
        await Sleigh.MustAsync(breaks);
        try
        {
            await Machine.ShellAsync("systemctl reset-failed sleigh; timeout 60 systemctl restart sleigh");
            string seen = "";
            await Poll.UntilAsync(
                async () =>
                {
                    seen = $"{await Sleigh.SaysAsync("systemctl show sleigh -p ExecMainStatus --value")} {await StatusAsync()}";
                    string sentence = seen.Split('\n').FirstOrDefault(l => l.TrimStart().StartsWith("Status:", StringComparison.Ordinal)) ?? "";
                    return seen.StartsWith($"{exitCode} ", StringComparison.Ordinal) && names.All(name => sentence.Contains(name, StringComparison.Ordinal));
                },
                120,
                () => $"no end with {exitCode} and a status that names {string.Join(", ", names)}: {seen}");
            string state = await Sleigh.SaysAsync("systemctl is-active sleigh || true");
            Assert.Contains(state, restarts ? ["activating", "failed"] : (string[])["failed"]);
        }
        finally
        {
            await Sleigh.MustAsync($"{mends}; systemctl reset-failed sleigh || true; systemctl restart sleigh");
            await Sleigh.ReadyAgainAsync();
        }
    }
}
