using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>The end: a removed package keeps its data, a purged one leaves nothing of itself.</summary>
[Stage(90)]
public sealed class RemovalTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    [HostFact(Need.VirtualMachine)]
    public async Task Removed_nothing_runs_or_is_mounted_and_installed_again_the_data_is_there()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        string id = await client.NewAsync(SleighMachine.Busybox, new JsonObject { ["name"] = "stays" });
        await client.RunAsync(id, "echo kept > /file");
        await client.StartAsync(id, "sleep 3000");

        await Sleigh.MustAsync("DEBIAN_FRONTEND=noninteractive apt-get remove -y sleigh", seconds: 300);

        await NothingIsActiveAsync();
        await Sleigh.MustAsync("test -e /var/lib/sleigh/sleigh.db && test -e /etc/sleigh/sleigh.yaml");
        await Sleigh.InstallAsync();
        await Sleigh.ReadyAgainAsync();
        Assert.Equal("stays", (string?)(await client.GetAsync(id))["name"]);
        Assert.Equal("kept\n", await client.RunAsync(id, "cat /file"));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Purged_nothing_of_it_is_left()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        string id = await client.NewAsync(SleighMachine.Busybox);
        await client.StartAsync(id, "sleep 3000");

        await Sleigh.MustAsync("DEBIAN_FRONTEND=noninteractive apt-get purge -y sleigh", seconds: 300);

        await NothingIsActiveAsync();
        Assert.Equal("", await Sleigh.SaysAsync("ls -d /var/lib/sleigh* /etc/sleigh* /run/sleigh* /usr/sbin/sleighd /usr/bin/sleighctl /usr/libexec/sleigh 2> /dev/null || true"));
        Assert.Equal("", await Sleigh.SaysAsync("getent group sleigh; getent passwd sleigh; systemctl list-unit-files --no-legend 'sleigh*'; systemctl list-units --all --no-legend 'sleigh*'"));
        Assert.Equal("", await Sleigh.SaysAsync("find / -xdev -iname '*sleigh*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/root/*' -not -path '/var/log/*' -not -path '/var/cache/*' -not -path '/var/lib/systemd/coredump/*' 2> /dev/null"));
        Assert.Equal("", await Sleigh.SaysAsync("ctr namespaces ls -q | grep -x sleigh || true"));
    }

    private async Task NothingIsActiveAsync()
    {
        Assert.Equal("", await Sleigh.SaysAsync("pgrep -af '[s]leigh|[s]lot-' || true"));
        Assert.Equal("", await Sleigh.SaysAsync("grep -E 'sleigh|slot-' /proc/self/mountinfo || true"));
        Assert.Equal("", await Sleigh.SaysAsync("losetup -a | grep sleigh || true"));
        Assert.Equal("", await Sleigh.SaysAsync("find /sys/fs/cgroup -type d -name '*slot-*' -o -type d -name 'sleigh*'"));
    }
}
