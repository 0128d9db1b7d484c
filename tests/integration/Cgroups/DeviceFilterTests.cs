using System.Diagnostics;
using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Linux.Bpf;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Cgroups;

/// <summary>The filter of devices in the real version 2 hierarchy.</summary>
public sealed class DeviceFilterTests
{
    // Opens each node for reading; /dev/mem and the like stand for what must never open. A block device with the numbers of an allowed
    // character device is another device.
    private const string Opens = """
        cd "$(mktemp -d)" || exit 1
        for node in 'null c 1 3' 'zero c 1 5' 'full c 1 7' 'urandom c 1 9' 'port c 1 4' 'mem c 1 1' 'kmsg c 1 11' 'loop b 7 0' 'ram b 1 3' 'ptmx c 5 2' 'tty c 4 0'; do
            mknod $node || { echo "$node: not made"; continue; }
            if ( : < ${node%% *} ) 2> error; then echo "${node%% *} opens"; else grep -q 'not permitted' error && echo "${node%% *} refused" || cat error; fi
        done
        rm -rf "$PWD"
        """;

    private const string Expected =
        "null opens zero opens full opens urandom refused port refused mem refused kmsg refused loop refused ram refused ptmx refused tty refused";

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task Allowed_devices_open_and_others_do_not_in_the_group_and_below_it()
    {
        await using TestCgroup test = new();
        Cgroup below = Cgroup.OpenOrCreate(test.Group, "below");
        using (DeviceFilter filter = DeviceFilter.Load([new(1, 3), new(1, 5), new(1, 7)]))
        {
            test.Group.FilterDevices(filter);
            Assert.Equal(Errno.EINVAL, Assert.Throws<KernelException>(() => test.Group.FilterDevices(filter)).Errno);
        }

        Cgroup later = Cgroup.OpenOrCreate(below, "later");
        foreach (Cgroup group in (Cgroup[])[test.Group, below, later])
        {
            Process shell = test.Start(group, $"{{ {Opens}\n}} 2>&1");
            string said = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal(Expected, said.Trim().ReplaceLineEndings(" "));
        }
    }

    [HostFact(Need.Root, Need.CgroupV2)]
    public async Task All_devices_of_a_driver_can_be_allowed()
    {
        await using TestCgroup test = new();
        using DeviceFilter filter = DeviceFilter.Load([new(136, null), new(1, null)]);
        test.Group.FilterDevices(filter);

        Process shell = test.Start(test.Group, ": < /dev/urandom && : < /dev/null && echo opened; : < /dev/tty0 || true");

        Assert.Equal("opened\n", await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }
}
