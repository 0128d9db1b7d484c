using System.Diagnostics;
using System.Security.Cryptography;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What containerd starts after its caller has given it up is removed, though no record names it.</summary>
[Collection(DaemonCollection.Name)]
public sealed class StraySlotTests
{
    [HostFact(Need.Root, Need.InitBinary)]
    public async Task A_shim_and_its_cgroup_that_no_record_names_go_at_a_start_while_the_daemon_runs_and_with_stop_all()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        await daemon.StartAsync();

        using (Stray stray = new(daemon))
        {
            await daemon.KillAndRestartAsync();
            await Poll.UntilAsync(() => stray.IsGone, 60, () => $"{stray} is there yet:\n{daemon.LogTail}");
        }

        // At the second of the looks that come each half minute.
        using (Stray stray = new(daemon))
        {
            await Poll.UntilAsync(() => stray.IsGone, 180, () => $"{stray} is there yet:\n{daemon.LogTail}");
        }

        using (Stray stray = new(daemon))
        {
            Assert.Equal(0, await daemon.TerminateAsync());
            Assert.False(stray.IsGone);
            (int status, string said) = await daemon.RunToEndAsync("stop-all");
            Assert.Equal((0, true), (status, stray.IsGone));
            Assert.Contains($"Removing slot {stray}: no sandbox has it", said, StringComparison.Ordinal);
        }
    }

    /// <summary>A process that is named like the shim of a slot of this daemon, and on a hybrid host a cgroup with a process as the shim makes it.</summary>
    private sealed class Stray : IDisposable
    {
        private readonly string _slot = $"slot-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        private readonly string _cgroup;
        private readonly Process _shim;

        public Stray(TestDaemon daemon)
        {
            string root = Directory.Exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
            _cgroup = Path.Combine(root, $"{daemon.Subtree}-{_slot}");
            string socket = Path.Combine(daemon.StateDir, "containerd/containerd.sock");
            const string program = "if [ -d /sys/fs/cgroup/unified ]; then mkdir \"$0\" && echo $$ > \"$0/cgroup.procs\"; fi; exec -a containerd-shim-test bash -c 'kill -STOP $$; :' shim \"$@\"";
            _shim = Process.Start("/bin/bash", ["-c", program, _cgroup, "-namespace", "sleigh", "-id", _slot, "-address", socket]);
            SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{_shim.Id}/cmdline").StartsWith("containerd-shim", StringComparison.Ordinal), 30_000);
        }

        public bool IsGone => _shim.HasExited && !Directory.Exists(_cgroup);

        public void Dispose()
        {
            if (!_shim.HasExited)
            {
                _shim.Kill();
            }

            _shim.Dispose();
        }

        public override string ToString() => _slot;
    }
}
