using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>
/// A parked container without containerd: a process in mount, UTS and PID namespaces of its own, whose root is a skeleton
/// with proc (one file masked), sys, dev (with pts and shm) as runc would make them.
/// </summary>
public sealed class TestSlot : IDisposable
{
    // The shell can no longer start programs once the root has moved; perl makes the last calls itself and stays as PID 1.
    private const string Script = """
        set -e
        mount --bind "$1" "$1"; cd "$1"
        mkdir -p proc dev sys run tmp
        mount -t proc proc proc
        mount --bind /dev/null proc/keys
        mount -t sysfs -o ro sysfs sys
        mount -t tmpfs -o mode=755,nosuid tmpfs dev
        mkdir dev/pts dev/shm
        for d in null zero full random urandom tty; do : > dev/$d; mount --bind /dev/$d dev/$d; done
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        mount -t tmpfs -o mode=1777 shm dev/shm
        touch skeleton-marker
        exec perl -e 'my $dot = "."; my $same = ".";
            syscall($ARGV[0] + 0, $dot, $same) == 0 or die "pivot_root $!"; syscall($ARGV[1] + 0, $dot, 2) == 0 or die "umount $!";
            chdir "/"; my ($none, $root) = ("none", "/");
            if ($ARGV[3]) { syscall($ARGV[2] + 0, $none, $root, 0, 0x104000, 0) == 0 or die "share $!"; }
            $| = 1; print "ready\n"; sleep 1000000 while 1' "$2" "$3" "$4" "$5"
        """;

    private readonly Process _unshare;

    public TestSlot(TestDirectory directory, bool shared = false)
    {
        string skeleton = directory.Make($"skeleton-{Guid.NewGuid():N}");
        bool arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var start = new ProcessStartInfo("unshare") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "--mount", "--uts", "--pid", "--fork", "--kill-child", "--propagation", "private",
            "sh", "-c", Script, "slot", skeleton, arm ? "41" : "155", arm ? "39" : "166", arm ? "40" : "165", shared ? "1" : "",
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _unshare = Process.Start(start)!;
        string? line = _unshare.StandardOutput.ReadLine();
        Assert.True(line == "ready", line ?? _unshare.StandardError.ReadToEnd());
        ProcessId = int.Parse(
            File.ReadAllText($"/proc/{_unshare.Id}/task/{_unshare.Id}/children").Trim(), CultureInfo.InvariantCulture);
    }

    public int ProcessId { get; }

    public SlotNamespaces Open() => SlotNamespaces.Open(ProcessId);

    /// <summary>Runs a program of the tree (or of the skeleton) inside the slot's namespaces.</summary>
    public string Run(params IEnumerable<string> command) =>
        Shell.Run("nsenter", ["-t", $"{ProcessId}", "-m", "-u", "-p", "--", .. command]);

    public void Dispose()
    {
        Signals.TrySend(ProcessId, Signals.Kill);
        _unshare.WaitForExit();
        _unshare.Dispose();
    }
}
