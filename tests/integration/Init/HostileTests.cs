using Sleigh.Linux;
using Sleigh.Linux.Sockets;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

/// <summary>Root inside the sandbox, with Docker's default capabilities, against PID 1.</summary>
public sealed class HostileTests
{

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task The_socket_serves_nobody_inside_even_where_its_path_is_visible()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        // PING, version 1, seq 7. A served peer gets 32 bytes back, a refused one the end of the connection.
        const string Script = """
            use Socket;
            socket(S, AF_UNIX, SOCK_SEQPACKET, 0) or die;
            connect(S, pack_sockaddr_un("/tmp/sleigh/init.sock")) or do { print "no connect $!\n"; exit };
            $SIG{PIPE} = "IGNORE";
            syswrite(S, pack("SSL", 6, 1, 7));
            my $n = sysread(S, my $b, 4096);
            print "answer ", defined $n ? $n : "none", "\n";
            """;

        SlotExec root = await slot.ShellAsync($"perl -e '{Script}'");
        SlotExec user = await slot.ShellAsync($"perl -e '{Script}'", start => start with { Uid = 1000, Gid = 1000 });

        Assert.Contains(root.Stdout, (string[])["answer 0\n", "answer none\n"]);
        Assert.Contains(user.Stdout, (string[])["no connect Permission denied\n", "answer 0\n", "answer none\n"]);
        Assert.Equal(0, (await slot.Connection.PingAsync(default)).Running);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Signals_from_inside_do_nothing()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync(
            "for s in $(seq 1 64); do kill -$s 1 2>/dev/null; done; perl -e 'for (1..5000) { syscall(129, 1, 40, 0); kill CHLD => 1 }'; echo sent");

        Assert.Equal("sent\n", exec.Stdout);
        await slot.Connection.PingAsync(default).WaitAsync(TimeSpan.FromSeconds(5));
        string pending = File.ReadLines($"/proc/{slot.HostPid}/status").Single(l => l.StartsWith("SigQ:", StringComparison.Ordinal));
        Assert.StartsWith("SigQ:\t0/", pending, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Init_can_be_neither_traced_nor_limited_nor_read_by_anybody_inside()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        const string Calls = """
            sub t { my ($name, $n, @a) = @_; my $r = syscall($n, @a); print "$name ", $r < 0 ? $!+0 : "done", "\n"; }
            my $old = "\0" x 16; my $new = pack("QQ", 64, 64);
            t("ptrace", 101, 16, 1, 0, 0); t("seize", 101, 0x4206, 1, 0, 0);
            t("prlimit", 302, 1, 7, $new, $old); t("prlimit cpu", 302, 1, 0, $new, $old);
            my $b = "x" x 16; my $v = pack("PQ", $b, 16);
            t("vm_readv", 310, 1, $v, 1, $v, 1, 0);
            my $fd = syscall(434, 1, 0); t("pidfd_getfd", 438, $fd, 0, 0);
            t("setns", 308, $fd, 0x20000);
            for my $f (qw(mem root/etc environ maps cwd/x fd/0 stack syscall)) {
                my ($h, $b); my $r = open($h, "<", "/proc/1/$f") && sysread($h, $b, 1);
                print "$f ", defined $r && $r ? "read" : $!+0, "\n";
            }
            for my $f (qw(exe root cwd fd/0 ns/mnt)) { print "$f ", readlink("/proc/1/$f") ? "read" : $!+0, "\n" }
            """;
        // As root, as each of init's own three users, and as another one.
        foreach (uint uid in (uint[])[0, 2147000000, 2147000001, 2147000002, 2147000003, 1000])
        {
            SlotExec exec = await slot.ShellAsync($"perl -e '{Calls}'", start => start with { Uid = uid, Gid = uid });

            string[] bad = [.. exec.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.EndsWith($" {(int)Errno.EPERM}", StringComparison.Ordinal)
                    && !line.EndsWith($" {(int)Errno.EACCES}", StringComparison.Ordinal))];
            Assert.True(bad.Length == 0, $"uid {uid}: {string.Join(", ", bad)}");
            Assert.Equal(20, exec.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Root_inside_that_becomes_inits_user_still_cannot_limit_it()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        string before = await File.ReadAllTextAsync($"/proc/{slot.HostPid}/limits");

        SlotExec exec = await slot.ShellAsync("""
            for a in 2147000001 2147000002 2147000003; do
                setpriv --reuid $a --regid $a --clear-groups prlimit --pid 1 --nofile=10 2>/dev/null && echo limited as $a
            done
            echo tried
            """);

        Assert.Equal("tried\n", exec.Stdout);
        Assert.Equal(before, await File.ReadAllTextAsync($"/proc/{slot.HostPid}/limits"));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_inherits_nothing_that_another_did_to_init()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        string before = (await File.ReadAllTextAsync($"/proc/{slot.HostPid}/oom_score_adj")).Trim();

        await slot.ShellAsync("echo 1000 > /proc/1/oom_score_adj");
        SlotExec after = await slot.ShellAsync("cat /proc/self/oom_score_adj");

        Assert.Equal("0\n", after.Stdout);
        Assert.Equal(before, (await File.ReadAllTextAsync($"/proc/{slot.HostPid}/oom_score_adj")).Trim());
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Nothing_leads_out_of_the_tree()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync("""
            ls -d /proc/1/root/ /proc/1/cwd/ 2>&1 | grep -c denied
            ls /../../../ | grep -c sleigh-init
            perl -e 'mkdir "/tmp/c"; chroot("/tmp/c") or print "chroot ", $!+0, "\n"'
            """, start => start with { Capabilities = InitSlot.DefaultCapabilities & ~(1UL << 18) });

        Assert.Equal($"2\n0\nchroot {(int)Errno.EPERM}\n", exec.Stdout);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task The_host_sees_that_it_talks_to_init()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SeqPacketSocket socket = await SeqPacketSocket.ConnectAsync(slot.SocketPath, default);

        Assert.Equal(new PeerCredentials(slot.HostPid, 2147000001, 2147000001), socket.Peer);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_storm_of_short_lived_orphans_does_not_keep_init_from_answering()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec storm = await slot.StartAsync(
            ["sh", "-c", "while :; do (true & true & true &); done"]);

        for (int i = 0; i < 20; i++)
        {
            await slot.Connection.PingAsync(default).WaitAsync(TimeSpan.FromSeconds(5));
            SlotExec exec = await slot.ShellAsync("echo fine").WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal("fine\n", exec.Stdout);
        }

        await slot.Connection.SignalAsync(storm.Id, 9, default);
        await storm.EndAsync();
    }
}
