using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>
/// Disk limits where layers are directories of an XFS or ext4 with project quotas, which the machine's kernel has for sure: a second daemon with a data directory on such a
/// filesystem, beside the one of the package.
/// </summary>
[Stage(45)]
public sealed class ProjectQuotaTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    private const int LimitMb = 64;
    private const string Home = "/root/quota";
    private const string Unit = "sleigh-quota";

    [HostFact(Need.VirtualMachine)]
    public Task On_xfs_a_limit_holds_and_root_inside_cannot_leave_its_project() => TryAsync("mkfs.xfs -q", "reflink", "No space left on device", "ENOSPC", isWhole: true);

    [HostFact(Need.VirtualMachine)]
    public Task On_ext4_a_limit_holds_and_root_inside_cannot_leave_its_project() => TryAsync("mkfs.ext4 -q -O quota,project", "copy", "uota exceeded", "EDQUOT", isWhole: false);

    // What is the same whatever the filesystem is tried on one of them: time passes slowly in an emulated machine.
    private async Task TryAsync(string make, string driver, string said, string errno, bool isWhole)
    {
        await BeginAsync(make, driver);
        try
        {
            Assert.Equal("project", (string?)(await JsonAsync("storage"))["quota"]!["kind"]);
            await CtlAsync($"create --image {SleighMachine.Busybox} --name limited --disk {LimitMb}");
            await CtlAsync($"create --image {SleighMachine.Busybox} --name neighbour");
            await CtlAsync($"cp {Home}/projects limited:/projects");
            string first = await CtlAsync("exec limited -c '/projects show /'");

            // What is deleted gives room; the neighbour has no limit.
            await FillsUpAsync("limited", said, errno);
            await CtlAsync($"exec neighbour -c 'dd if=/dev/zero of=/fill bs=1M count={LimitMb + 16} 2> /dev/null && rm /fill'");
            await FillsUpAsync("limited", said, errno);

            // Empty files take no blocks, and are bounded too: one for every 4 KiB.
            const string Empties = "mkdir /empty && cd /empty && i=0; while true > f$i; do i=$((i+1)); done 2> /dev/null; echo made $i; false";
            string empties = await CtlAsync($"exec limited -c 'rm -f /fill; {Empties}' 2>&1 || true");
            Assert.Contains($" of the {LimitMb * 256} files that its disk limit of {LimitMb} MB allows, and to make more fails with {errno};", empties, StringComparison.Ordinal);
            string made = empties.Split('\n').Single(line => line.StartsWith("made ", StringComparison.Ordinal))["made ".Length..];
            Assert.InRange(int.Parse(made, CultureInfo.InvariantCulture), (LimitMb * 256) - 100, LimitMb * 256);
            await CtlAsync("exec neighbour -c 'true > /one'");
            await CtlAsync("exec limited -c 'rm -r /empty && until true > /again; do sleep 1; done 2> /dev/null; rm /again'");

            // Whatever root inside tries, what is made stays in the project.
            Assert.Equal(
                ["set project: refused", "set project, more bits: refused", "set project by name: refused", "clear inheritance: refused",
                 "clear inheritance, 32 bits: refused", "in a user namespace: refused"],
                (await CtlAsync("exec limited -c 'rm -f /fill; mkdir /own; /projects try /own'")).Split('\n'));
            Assert.Equal(first, await CtlAsync("exec limited -c 'touch /own/file; /projects show /own/file'"));
            await FillsUpAsync("limited", said, errno, "/own/fill");

            // A full one is sealed, gone back to and forked; each layer has a project of its own, and the same limit.
            await CtlAsync("snapshot limited --name full");
            await CtlAsync("rollback limited full");
            string second = await CtlAsync("exec limited -c '/projects show /'");
            await FillsUpAsync("limited", said, errno);
            Assert.NotEqual(first, second);
            if (!isWhole)
            {
                return;
            }

            string fork = await CtlAsync("fork limited 2> /dev/null");
            string third = await CtlAsync($"exec {fork} -c '/projects show /'");
            await FillsUpAsync(fork, said, errno);
            Assert.NotEqual(second, third);

            // The daemon is killed; then all PID 1 are, and a full sandbox starts again.
            await Sleigh.MustAsync($"systemctl kill -s KILL {Unit} && while systemctl is-active -q {Unit}; do sleep 0.2; done; systemctl reset-failed {Unit}");
            await StartAsync();
            await FillsUpAsync("limited", said, errno);
            await Sleigh.MustAsync($"cat /sys/fs/cgroup/{Unit}/slot-*/init/cgroup.procs | xargs kill -9");
            await FillsUpAsync("limited", said, errno);

            await CtlAsync($"rm limited neighbour {fork}");
            await Poll.UntilAsync(
                async () => await Sleigh.SaysAsync($"{Home}/projects limits {Home}/disk") == "0", 120, () => "the project of a deleted sandbox has a limit still");
        }
        finally
        {
            await EndAsync();
        }
    }

    private async Task BeginAsync(string make, string driver)
    {
        await Sleigh.MustAsync($"mkdir -p {Home}/disk");
        string here = Directory.CreateTempSubdirectory("sl-quota-").FullName;
        try
        {
            // Made outside, since the machine has no xfsprogs; nearly all of it is zeros.
            await ToolRunner.RunAsync("bash", "-c", $"cd {here} && truncate -s 700M disk && {make} disk && gzip -1 disk");
            await Machine.CopyInAsync($"{here}/disk.gz", $"{Home}/disk.img.gz");
            await File.WriteAllBytesAsync($"{here}/projects", await TestProgram.BuildAsync("projects", isStatic: true));
            await Machine.CopyInAsync($"{here}/projects", $"{Home}/projects");
        }
        finally
        {
            Directory.Delete(here, recursive: true);
        }

        await Sleigh.MustAsync(
            $$"""
            cd {{Home}} && chmod 755 projects && gunzip -f disk.img.gz && mount -o loop,prjquota disk.img disk
            cat > sleigh.yaml << END
            data_dir: {{Home}}/disk/data
            state_dir: /run/{{Unit}}
            http:
              listen: 127.0.0.1:10123
            containerd:
              mode: embedded
            cgroup:
              subtree: {{Unit}}
            pool:
              size: 1
              max_size: 0
              image: {{SleighMachine.Busybox}}
            sandbox:
              network: none
            storage:
              driver: {{driver}}
            END
            """);
        await StartAsync();
        await CtlAsync($"image import /var/local/images/{SleighMachine.Busybox}.tar --name {SleighMachine.Busybox}");
    }

    private Task StartAsync() => Sleigh.MustAsync(
        $"systemd-run -q --unit={Unit} -p Type=notify -p KillMode=process -p TimeoutStartSec=300 sleighd --config {Home}/sleigh.yaml", seconds: 320);

    // Whatever failed before, nothing of it stays in the machine.
    private Task EndAsync() => Sleigh.MustAsync(
        $"""
        systemctl stop {Unit}; systemctl reset-failed {Unit} 2> /dev/null
        sleighd stop-all --config {Home}/sleigh.yaml; sleep 1
        umount {Home}/disk && rm -rf {Home} /run/{Unit}
        """,
        seconds: 240);

    private Task<string> CtlAsync(string words) => Sleigh.SaysAsync($"export SLEIGH_SOCKET=/run/{Unit}/sleigh.sock; sleighctl {words}", seconds: 240);

    private async Task<JsonNode> JsonAsync(string words) => JsonNode.Parse(await CtlAsync($"{words} -o json"))!;

    /// <summary>A file is written until the kernel refuses: as much as the limit goes in, and the result tells.</summary>
    private async Task FillsUpAsync(string sandbox, string said, string errno, string file = "/fill")
    {
        string result = await CtlAsync(
            $"exec {sandbox} -c 'rm -f /fill /own/fill; dd if=/dev/zero of={file} bs=256k count=400; r=$?; echo size $(stat -c %s {file}); exit $r' 2>&1 || true");
        Assert.Contains(said, result, StringComparison.Ordinal);
        Assert.Contains($"the sandbox is at its disk limit of {LimitMb} MB, and writes fail with {errno};", result, StringComparison.Ordinal);
        string size = result.Split('\n').Single(line => line.StartsWith("size ", StringComparison.Ordinal))["size ".Length..];
        Assert.InRange(long.Parse(size, CultureInfo.InvariantCulture), (LimitMb - 2) << 20, LimitMb << 20);
    }
}
